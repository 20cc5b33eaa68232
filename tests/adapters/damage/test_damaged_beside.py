"""What is kept beside facts and views: the secret key, images, the outbox."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from adapters.bootstrap import bootstrap
from adapters.settings import Settings
from tests.adapters.damage.spoiling import command, execute, filled
from tests.adapters.http.talk import PNG, an_event, refused

SECRET: dict[str, Callable[[Path], object]] = {
    "removed": lambda file: file.unlink(),
    "emptied": lambda file: file.write_bytes(b""),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:20]),
    "a byte turned over": lambda file: file.write_bytes(b"X" + file.read_bytes()[1:]),
    "a byte that is no text": lambda file: file.write_bytes(b"\xff" + file.read_bytes()[1:]),
}
KEY = ("keys", "add", "--account", "house", "--role", "admin", "--kind", "signing", "--name")


@pytest.mark.parametrize("damage", SECRET)
def test_a_damaged_secret_key_is_told_by_check_with_the_keys_that_it_shuts(
    tmp_path: Path, damage: str
) -> None:
    settings = Settings(store=str(tmp_path / "data"))
    added = command(settings, *KEY, "signer")
    assert added.exit_code == 0, added.stderr
    SECRET[damage](settings.folder / "secret.key")

    checked = command(settings, "check")

    assert checked.exit_code == 1
    (line,) = checked.stdout.splitlines()
    assert line.startswith("signing key ")
    assert "cannot be used: put back STAGEBOOK_SECRET_KEY, or its file" in line
    assert "Traceback" not in checked.stderr


@pytest.mark.parametrize("damage", ["emptied", "a byte that is no text"])
def test_nothing_is_sealed_with_a_secret_key_that_is_none(tmp_path: Path, damage: str) -> None:
    settings = Settings(store=str(tmp_path / "data"))
    assert command(settings, *KEY, "signer").exit_code == 0
    SECRET[damage](settings.folder / "secret.key")

    refused_ = command(settings, *KEY, "other")

    assert refused_.exit_code == 1
    assert "secret.key cannot be read as a secret key" in refused_.stderr
    assert refused_.stderr.strip().count("\n") <= 1  # with the line of the log


def test_an_image_that_is_not_what_its_digest_says_is_not_served(
    client: TestClient, settings: Settings
) -> None:
    event = an_event(client)["id"]
    sent = {"Content-Type": "image/png"}
    image = client.put(f"/v1/events/{event}/image", content=PNG, headers=sent).json()["image"]
    assert client.get(image).content == PNG
    other = "decode('00', 'hex')" if settings.is_postgres else "x'00'"

    execute(settings, f"UPDATE blobs SET data = {other}")  # noqa: S608 - ours

    refused(client.get(image), 503, "store-damaged")
    assert "stagebook_damage_met_total 1.0" in client.get("/metrics").text


@pytest.mark.parametrize(
    "spoiled", [b"", b"a text " * 4_096, b"SQLite format 3\x00" + b"\xff" * 9_000]
)
def test_an_outbox_that_is_damaged_is_set_aside_and_begins_again(
    tmp_path: Path, spoiled: bytes
) -> None:
    settings = Settings(store=str(tmp_path / "data"), webhook_hosts="127.0.0.0/8")
    filled(settings)
    with closing(bootstrap(settings)) as book:
        book.ledger().begin()
    (settings.folder / "webhooks.sqlite").write_bytes(spoiled)

    with closing(bootstrap(settings)) as book:
        book.ledger().begin()
        assert book.ledger().standing() == (None, {})

    kept = sorted(path.name for path in settings.folder.glob("webhooks.sqlite.damaged-*"))
    assert len(kept) == (1 if spoiled else 0)
    assert command(settings, "check").stdout == "sound\n"
