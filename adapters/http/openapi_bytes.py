"""The bytes of the OpenAPI documents, made once for a version of the code.

They take seconds of computing: in a child of a server process, never within it. What the child
has made is kept beside the compiled code, as compiled code is: the next start reads it. Where that
folder takes no files, every server process has a child of its own at every start.

    python -m adapters.http.openapi_bytes     makes the documents, and prints them as an archive
"""

import asyncio
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.util import cache_from_source
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from zipfile import BadZipFile, ZipFile

HERE = Path(__file__)
SOURCES = tuple(
    HERE.parents[2] / name for name in ("domain", "application", "adapters", "projections")
)
FOLDER = Path(cache_from_source(str(HERE))).parent
PREFIX, SUFFIX = "openapi-", ".zip"
NICE = 10
"""A child lets everything else go first."""

Files = dict[str, bytes]
"""Each document by its name, as JSON."""


def fingerprint() -> str:
    """Of all files that the documents are made of."""
    digest = sha256(sys.version.encode())
    for folder in SOURCES:
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".md"):
                state = file.stat()
                digest.update(f"{file}:{state.st_size}:{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def kept(folder: Path = FOLDER) -> Files | None:
    """What was made before of the same code."""
    try:
        return unpacked((folder / f"{PREFIX}{fingerprint()}{SUFFIX}").read_bytes())
    except (OSError, BadZipFile):
        return None


def keep(files: Files, folder: Path = FOLDER) -> None:
    """For the next start, in place of what older code has made, where the folder takes files."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{PREFIX}{fingerprint()}{SUFFIX}"
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            written = Path(file.name)
            try:
                file.write(packed(files))
                file.flush()
                written.chmod(0o644)
                written.replace(place)
            finally:
                written.unlink(missing_ok=True)
        for other in folder.glob(f"{PREFIX}*{SUFFIX}"):
            if other != place:
                other.unlink(missing_ok=True)


def packed(files: Files) -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w") as zipped:
        for name, body in files.items():
            zipped.writestr(name, body)
    return archive.getvalue()


def unpacked(archive: bytes) -> Files:
    with ZipFile(BytesIO(archive)) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def made() -> Files:
    """The documents, made in this process."""
    from pydantic_core import to_json  # noqa: PLC0415 - whoever finds them made needs none of it

    from adapters.http.app import described  # noqa: PLC0415 - only where the documents are made
    from adapters.http.openapi import DOCUMENTS, openapi, shown  # noqa: PLC0415 - only where the documents are made

    whole = openapi(described())
    return {one.name: to_json(shown(whole, one)) for one in DOCUMENTS}


async def made_beside(folder: Path = FOLDER) -> Files:
    """The documents, from a child of this process unless they are kept. It ends with the task."""
    if files := await asyncio.to_thread(kept, folder):
        return files
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        str(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        cwd=HERE.parents[2],
        start_new_session=True,  # a Ctrl-C is for the server, which ends it
    )
    try:
        archive, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise ChildProcessError(f"the documents were not made: exit code {child.returncode}")
    try:
        return await asyncio.to_thread(unpacked, archive)
    except BadZipFile as error:
        raise ChildProcessError(f"the documents were not made: {error}") from None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One child at a time where they share a folder: the others find what the first has made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / f"{PREFIX}lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def main(folder: Path = FOLDER) -> None:
    os.nice(NICE)
    with alone(folder):
        files = kept(folder)
        if files is None:
            files = made()
            keep(files, folder)
    sys.stdout.buffer.write(packed(files))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
