"""The README tells the truth: its tour runs as printed, its tables are those of the code."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings import Settings
from tests import docs

README = docs.README.read_text()
END = "--end-of-output--"


def steps() -> Iterator[tuple[str, str]]:
    """Every block of the tour that is to be pasted, with what it is said to print."""
    tour = README.partition("## A tour\n")[2].partition("\n## ")[0]
    for commands, printed in re.findall(
        r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", tour, re.DOTALL
    ):
        yield commands.strip("\n"), printed.strip("\n")


def test_the_tour_asks_nothing_of_curl_that_older_ones_do_not_have() -> None:
    commands = "\n".join(command for command, _ in steps())

    assert "curl" in commands
    assert not re.search(r"%header\{|%\{header_json|--json|--fail-with-body|--variable", commands)


def test_the_tour_has_two_prices_a_refund_and_no_header_for_a_fresh_read() -> None:
    commands = "\n".join(command for command, _ in steps())

    assert '"prices": {"1": 25.00, "2": 20.00}' in commands
    assert "/refunds" in commands
    assert "Stagebook-After" not in commands


@pytest.mark.slow
def test_the_tour_prints_what_it_says(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = subprocess.Popen(
        ["bash"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    assert shell.stdin
    assert shell.stdout
    try:
        for command, expected in steps():
            shell.stdin.write(command.replace("8123", port) + f"\necho; echo {END}\n")
            shell.stdin.flush()
            printed = "".join(iter(shell.stdout.readline, END + "\n")).strip("\n")
            pattern = re.escape(expected).replace("…", ".+?")
            assert re.fullmatch(pattern, printed), f"{command}\nprinted {printed}"
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.communicate()


def test_the_tables_are_those_of_the_code() -> None:
    assert docs.written(README) == README, "run: python -m tests.docs"


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "DECISIONS.md", "DEPLOYING.md", "CHANGELOG.md"]
)
def test_links_lead_to_files(name: str) -> None:
    root = docs.README.parent

    links = re.findall(r"\]\(([^)#:]+)\)", (root / name).read_text())

    assert [link for link in links if not (root / link).exists()] == []


def test_make_has_the_commands_that_the_readme_names() -> None:
    makefile = (docs.README.parent / "Makefile").read_text()

    for target in set(re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_settings_that_are_deployed_with_are_there() -> None:
    named = set(
        re.findall(r"STAGEBOOK_([A-Z_]+)", (docs.README.parent / "DEPLOYING.md").read_text())
    )

    assert named <= {name.upper() for name in Settings.model_fields}
