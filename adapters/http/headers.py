"""A header of a request."""

from fastapi import Request


def header(request: Request, name: bytes) -> str | None:
    """The value that was sent first, or None. `name` is in lower case.

    As `request.headers.get`, without the exception that this raises and catches for each header
    that is not there; most are not."""
    for sent, value in request.scope["headers"]:
        if sent == name:
            return str(value, "latin-1")
    return None
