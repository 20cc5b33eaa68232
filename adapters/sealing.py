"""Sealing the secrets of signing keys: Fernet (AES and HMAC) with the program's own secret key.

The key is `STAGEBOOK_SECRET_KEY`, or in a file that is made when the first secret is sealed.
"""

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from structlog import get_logger

from adapters.settings import Settings
from domain.errors import Invalid

log = get_logger()


class Seal:
    def __init__(self, settings: Settings) -> None:
        self._given = settings.secret_key
        named = settings.secret_key_file
        beside = None if settings.is_postgres else settings.folder / "secret.key"
        self._file = Path(named) if named else beside

    def seal(self, accesskey: str, secret: str) -> str:
        """The secret as it is kept. It names its access key, so it opens for no other."""
        if self._given is None and self._file is None:
            message = "set STAGEBOOK_SECRET_KEY or STAGEBOOK_SECRET_KEY_FILE to add signing keys"
            raise Invalid("secret-key", message)
        if self._given is None and self._file and not self._file.exists():
            _make(self._file)
        try:
            return self._fernet.encrypt(f"{accesskey}\0{secret}".encode()).decode()
        except (OSError, ValueError) as error:
            message = f"{self._file} cannot be read as a secret key: put the right one back"
            raise Invalid("secret-key", message) from error

    def open(self, accesskey: str, sealed: str) -> str | None:
        """The secret; None, and a word in the log, when it was sealed with another key."""
        secret = self.opened(accesskey, sealed)
        if secret is None:
            log.error("a signing key cannot be used: another secret key sealed it", key=accesskey)
        return secret

    def opened(self, accesskey: str, sealed: str) -> str | None:
        """The same without a word."""
        try:
            named, _, secret = self._fernet.decrypt(sealed.encode()).decode().partition("\0")
        except (InvalidToken, OSError, ValueError):
            named, secret = "", ""
        return secret if named == accesskey else None

    def shut(self, keys: Iterable[Mapping[str, Any]]) -> list[str]:
        """The access keys of the signing keys among these that cannot be used."""
        sealed = [key for key in keys if "sealed" in key and not key["revokedts"]]
        opened = {key["accesskey"]: self.opened(key["accesskey"], key["sealed"]) for key in sealed}
        return [accesskey for accesskey, secret in opened.items() if secret is None]

    @cached_property
    def _fernet(self) -> Fernet:
        secret = self._given or (self._file.read_text("ascii").strip() if self._file else "")
        if not secret:
            raise OSError
        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))


def _make(file: Path) -> None:
    """A file that its owner alone reads; whoever comes second uses the first one's."""
    made = file.with_name(f"{file.name}.{os.getpid()}")
    with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:  # noqa: PTH123 - with its mode from the start
        out.write(Fernet.generate_key())
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(made, file)
    except FileExistsError:
        pass
    finally:
        made.unlink()
