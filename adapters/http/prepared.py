"""Answers that are the same for everybody: their bytes, compressed once, with an entity tag."""

import gzip
from hashlib import sha256

from fastapi import Request
from starlette.responses import Response

TAG_LENGTH = 16


class Prepared:
    """One body, as it is and compressed. `cache` says how long it may be kept without asking."""

    __slots__ = ("body", "cache", "kind", "packed", "tag")

    def __init__(
        self, body: bytes, kind: str, *, cache: str = "no-cache", packed: bytes | None = None
    ) -> None:
        self.body, self.kind, self.cache = body, kind, cache
        self.packed = packed or gzip.compress(body, mtime=0)
        self.tag = sha256(body).hexdigest()[:TAG_LENGTH]

    def response(self, request: Request, **headers: str) -> Response:
        """What a client gets: 304 when it has it, compressed when it takes that."""
        zipped = takes_gzip(request.headers.get("accept-encoding", ""))
        tag = f'"{self.tag}-gzip"' if zipped else f'"{self.tag}"'
        shown = {
            "ETag": tag,
            "Vary": "Accept-Encoding",
            "Cache-Control": self.cache,
            "X-Content-Type-Options": "nosniff",
            **headers,
        }
        held = {each.strip().removeprefix("W/") for each in _listed(request, "if-none-match")}
        if tag in held or "*" in held:
            return Response(status_code=304, headers=shown)
        if zipped:
            return Response(self.packed, 200, {**shown, "Content-Encoding": "gzip"}, self.kind)
        return Response(self.body, 200, shown, self.kind)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding allows gzip: by name or by `*`, and not with a quality of 0."""
    weights: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=") or "1"
        weights[name.strip()] = weight.strip("0.") != ""
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))


def _listed(request: Request, header: str) -> list[str]:
    return request.headers.get(header, "").split(",")
