"""An import that is killed leaves neither its facts nor the identity that comes with them."""

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from adapters.bootstrap import bootstrap
from adapters.settings import Settings
from adapters.stores.opening import open_store
from application.transfer import export_everything
from domain.lineage import Identity
from tests.adapters.test_put_back_stores import add, names
from tests.processes.program import ROOT, environment

KILLED_BEFORE_ITS_COMMIT = """
import os, signal, sys
from adapters import cli
from application import transfer

def killed(*_):  # images are written last, behind facts and identity
    os.kill(os.getpid(), signal.SIGKILL)
    yield

transfer._blobs = killed
cli.main()
"""


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Settings:
    """An empty store of the same sort."""
    if settings.is_postgres:
        made = Settings(store=request.getfixturevalue("new_database")(), connections=4)
    else:
        made = Settings(store=str(tmp_path / "elsewhere"))
    bootstrap(made).close()
    return made


def state(settings: Settings) -> tuple[int, Identity]:
    with closing(open_store(settings)) as store:
        return store.position(), store.identity()


def imported(settings: Settings, export: Path, *program: str) -> int:
    command = [sys.executable, *program, "import", str(export)]
    return subprocess.run(
        command, cwd=ROOT, env=environment(settings.store), check=False, capture_output=True
    ).returncode


def test_a_kill_before_the_commit_leaves_neither_and_the_next_import_both(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    add(settings, "Hall")
    export = tmp_path / "book.jsonl"
    with closing(bootstrap(settings)) as book:
        lines = export_everything(book.store, book.keyring.every_account())
        export.write_bytes(b"".join(line + b"\n" for line in lines))
        head, source = book.store.position(), book.identity
    _, before = state(elsewhere)

    assert imported(elsewhere, export, "-c", KILLED_BEFORE_ITS_COMMIT) == -signal.SIGKILL

    position, identity = state(elsewhere)
    assert (position, identity.id) == (0, before.id)
    assert imported(elsewhere, export, "-m", "adapters.cli") == 0
    position, identity = state(elsewhere)
    assert position >= head  # PostgreSQL never gives out a position again
    assert identity.id == source.id
    assert identity.epoch > source.epoch
    assert names(elsewhere) == ["Hall"]
