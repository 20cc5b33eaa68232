"""The files that the pages are made of. Those of `swagger-ui` come from its published package, see
`manifest.json`."""

from importlib.resources import files

HERE = files(__name__)


def read(name: str) -> bytes:
    """A file by its path, such as `swagger-ui/swagger-ui.css`."""
    return HERE.joinpath(*name.split("/")).read_bytes()


def text(name: str) -> str:
    return read(name).decode()
