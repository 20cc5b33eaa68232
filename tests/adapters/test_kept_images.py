"""Images at the command line: exported, imported, checked."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.bootstrap import bootstrap
from adapters.check import remove_images
from adapters.settings import Settings
from application import events
from application.ports import Blob, Store
from domain.event_fields import EventBody
from domain.images import image_of
from tests.adapters.http.talk import PNG
from tests.adapters.test_cli import ACCOUNT, Run, execute, run
from tests.application.desk import Desk
from tests.exports import facts_in, sealed

__all__ = ["run"]


def pictured(settings: Settings, run: Run) -> str:
    """An account with an Event that has a picture; its digest."""
    assert run("keys", "add", "--account", "house", "--role", "admin").exit_code == 0
    image = image_of(PNG)
    book = bootstrap(settings)
    book.start()
    do = partial(book.execute, account=ACCOUNT, actor="anna")
    do(partial(events.create_event, body=EventBody(locationid=0, name="Live")))
    do(partial(events.change_image, number=1, image=image, data=PNG))
    assert book.catch_up(10)
    book.close()
    return image.digest


def test_an_export_brings_the_images(
    settings: Settings, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictured(settings, run)
    exported = run("export", "--account", "house").stdout
    assert run("check").stdout == "sound\n"

    monkeypatch.setenv("STAGEBOOK_STORE", str(tmp_path / "elsewhere"))
    imported = run("import", "-", data=exported)

    assert imported.exit_code == 0, imported.stderr
    assert facts_in(run("export", "--account", "house").stdout) == facts_in(exported)
    assert run("rebuild", "--all").exit_code == 0
    assert run("check").stdout == "sound\n"


@pytest.mark.parametrize("wrong", [{"blob": "0" * 64}, {"type": "image/jpeg"}, {"data": "!"}])
def test_an_image_that_is_not_what_its_digest_says_is_not_imported(
    settings: Settings,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, str],
) -> None:
    pictured(settings, run)
    head, image, *facts, _ = run("export", "--account", "house").stdout.splitlines()
    tampered = json.dumps(json.loads(image) | wrong)

    monkeypatch.setenv("STAGEBOOK_STORE", str(tmp_path / "elsewhere"))
    imported = run("import", "-", data="\n".join(sealed([head, tampered, *facts])))

    assert imported.exit_code == 1
    assert "stagebook: line 2: " in imported.stderr
    assert "expected an image as it was exported" in imported.stderr
    assert "there is no account" in run("export", "--account", "house").stderr


@pytest.mark.parametrize(
    ("done", "says"),
    [
        ("DELETE FROM blobs", "is not there"),
        ("UPDATE blobs SET data = {bytes}", "is not what its digest says"),
    ],
)
def test_check_names_an_image_that_is_lost(
    settings: Settings, run: Run, done: str, says: str
) -> None:
    digest = pictured(settings, run)

    some_bytes = r"'\x00'" if settings.is_postgres else "x'00'"
    execute(settings, done.format(bytes=some_bytes))

    put_back = "put back a copy of the store"
    assert run("check").stdout == f"image {digest} of account {ACCOUNT:x} {says}; {put_back}\n"


def test_check_tells_of_an_image_that_no_fact_names_and_a_command_removes_it(
    settings: Settings, run: Run
) -> None:
    named = pictured(settings, run)
    book = bootstrap(settings)
    book.store.append([], blobs=[Blob(ACCOUNT, "0" * 64, "image/png", b"lost")])
    book.close()

    told = run("check").stdout
    removed = run("remove-images").stdout

    assert told == (
        f"image {'0' * 64} of account {ACCOUNT:x} is named by no fact;"
        " to remove it: stagebook remove-images\n"
    )
    assert removed == "1 image removed\n"
    assert run("check").stdout == "sound\n"
    book = bootstrap(settings)
    assert [*book.store.blobs(ACCOUNT)] == [named]
    book.close()


@pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)
def test_others_write_while_facts_are_looked_through_and_what_they_name_is_kept_and_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, late = Blob(ACCOUNT, "0" * 64, "image/png", b"lost"), image_of(PNG)
    store.append([], blobs=[lost])
    other = Desk(store, account=ACCOUNT)
    event = other.event()
    picture = partial(events.change_image, number=event, image=late, data=PNG)
    free: list[bool] = []

    def written_meanwhile(reading: Callable[..., Any]) -> Callable[..., Any]:
        def read(*arguments: Any, **options: Any) -> Any:
            found = reading(*arguments, **options)
            if not free:
                free.append(True)
                other.do(picture)  # it would wait for ever where the lock is held
            return found

        return read

    with monkeypatch.context() as patched:
        patched.setattr(store, "read", written_meanwhile(store.read))
        assert remove_images(store) == 1
    free.clear()
    picture = partial(events.change_image, number=event, image=late, data=PNG)
    with monkeypatch.context() as patched:
        patched.setattr(store, "_rows", written_meanwhile(store._rows))  # type: ignore[attr-defined]
        store.recount()
    other.close()

    assert [*store.blobs(ACCOUNT)] == [late.digest]
    known = {name: n for name, n in store.usage(ACCOUNT).items() if n}
    assert known == {name: n for (of, name), n in store.count_usage().items() if of == ACCOUNT}
