# Stagebook in two commands: `make run` starts it, `make test` proves it.

.DEFAULT_GOAL := help
PYTHON ?= python3
MINUTES ?= 2
BIN := .venv/bin
NPM_CI := npm ci --prefix tests/clients --ignore-scripts --no-audit --no-fund --silent \
  --fetch-retries 1 --fetch-retry-mintimeout 500 --fetch-retry-maxtimeout 2000 --fetch-timeout 30000
SOURCES := domain application projections adapters tests
unexport PYTHONDONTWRITEBYTECODE  # the tests start many processes: nothing is compiled twice

.PHONY: help run test check lint types layers tests format bench soak lock clean

run: .venv/run  ## starts the server with a demo account
	@STAGEBOOK_LOG_LEVEL=$${STAGEBOOK_LOG_LEVEL:-warning} $(BIN)/stagebook demo

test: check  ## everything: format, lint, types, layers, tests, documentation

check: format-check lint types layers tests

tests: .venv/dev
	$(BIN)/pytest -n 2 --dist worksteal --durations 30

format: .venv/dev  ## rewrites the sources in the house's format
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

.PHONY: format-check
format-check: .venv/dev
	$(BIN)/ruff format --check $(SOURCES)

lint: .venv/dev
	$(BIN)/ruff check $(SOURCES)

types: .venv/dev
	$(BIN)/mypy

layers: .venv/dev
	$(BIN)/lint-imports

bench: .venv/dev  ## measures both stores against a bare route in the same run
	$(BIN)/python -m tests.bench

soak: .venv/dev  ## mixed load at every bound on both stores, MINUTES each: what the processes hold
	$(BIN)/python -m tests.bench.soak --minutes $(MINUTES)

lock:  ## pins the dependencies anew, with hashes (needs uv); what runs is what is tested
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --extra dev pyproject.toml -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links -c requirements-dev.txt pyproject.toml -o requirements.txt

.venv/bin/python:
	@echo "A Python environment is made in .venv (once)."
	@$(PYTHON) -m venv .venv

.venv/run: requirements.txt pyproject.toml | .venv/bin/python
	@echo "What Stagebook needs is installed into .venv (once, a minute or less):"
	@$(BIN)/python .ci/installing.py $(BIN)/pip install --disable-pip-version-check --no-input \
	  --require-hashes -r requirements.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m adapters.http.openapi_bytes >/dev/null  # the OpenAPI documents, made once
	@touch $@

.venv/dev: requirements-dev.txt tests/clients/package-lock.json .venv/run
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@if command -v npm >/dev/null; then $(NPM_CI) || echo "npm: the generated TypeScript client is not tested"; fi
	@touch $@

help:  ## lists these commands
	@grep -hE "^[a-z-]+:.*##" $(MAKEFILE_LIST) | sed -E "s/^([a-z-]+):.*## */make \1|/" | column -t -s "|"

clean:  ## removes what was installed and built
	rm -rf .venv build *.egg-info tests/clients/node_modules
