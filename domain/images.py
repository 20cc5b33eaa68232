"""Images: what may be one, and by what it is known.

An image is its bytes, so it is kept and named by their digest: what was shown once is there for
ever, and two Events with the same picture keep it once.
"""

import hashlib
import re
import struct
import zlib
from typing import NamedTuple

from domain.base import State
from domain.errors import Invalid

MAX_IMAGE = 10 * 2**20
MAX_SIDE = 65_535
JPEG, PNG = "image/jpeg", "image/png"
EXTENSION = {JPEG: "jpg", PNG: "png"}
FILE = re.compile(r"([0-9a-f]{64})\.(jpg|png)", re.ASCII)

PNG_SIGNATURE, PNG_HEADER = b"\x89PNG\r\n\x1a\n", b"\0\0\0\x0dIHDR"
PNG_START = struct.Struct(">II5BI")
JPEG_START = b"\xff\xd8\xff"
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of the segment that says how large a JPEG is."""
ALONE = frozenset([0x01, *range(0xD0, 0xD8)])
"""Markers that no segment follows."""
END, SCAN = 0xD9, 0xDA
MAX_SEGMENTS = 4_096
"""Segments, and bytes of padding, that are walked before the frame: cameras write a few dozen."""


class Image(NamedTuple):
    digest: str
    type: str
    size: int

    def state(self) -> State:
        """As facts name it."""
        return self._asdict()


def image_of(data: bytes, path: str = "image") -> Image:
    """The image that these bytes are, by what they contain; `Invalid` when they are none."""
    if len(data) > MAX_IMAGE:
        raise Invalid(path, "expected at most 10 MiB")
    kind, size = (
        (PNG, png_size(data)) if data.startswith(PNG_SIGNATURE) else (JPEG, jpeg_size(data))
    )
    if size is None:
        raise Invalid(path, "expected a JPEG or a PNG")
    if not all(1 <= side <= MAX_SIDE for side in size):
        raise Invalid(path, f"expected 1 to {MAX_SIDE} pixels on each side")
    return Image(hashlib.sha256(data).hexdigest(), kind, len(data))


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height, from a header whose checksum is right."""
    start = len(PNG_SIGNATURE) + len(PNG_HEADER)
    if data[len(PNG_SIGNATURE) : start] != PNG_HEADER or len(data) < start + PNG_START.size:
        return None
    width, height, *_, checksum = PNG_START.unpack_from(data, start)
    end = start + PNG_START.size - 4
    right = zlib.crc32(data[start - 4 : end]) == checksum
    return (width, height) if right else None


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height, from the first frame; segments are walked, never searched."""
    if not data.startswith(JPEG_START):
        return None
    at = 2
    for _ in range(MAX_SEGMENTS):
        if at + 4 > len(data) or data[at] != 0xFF:  # noqa: PLR2004 - what every marker starts with
            return None
        marker = data[at + 1]
        if marker == 0xFF or marker in ALONE:  # noqa: PLR2004 - markers may be padded
            at += 1 if marker == 0xFF else 2  # noqa: PLR2004 - a fill byte of JPEG
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        if marker in FRAMES:
            frame = data[at + 5 : at + 9]
            whole = length >= 8 and len(frame) == 4  # noqa: PLR2004 - height and width
            return (int.from_bytes(frame[2:]), int.from_bytes(frame[:2])) if whole else None
        if marker in (END, SCAN) or length < 2:  # noqa: PLR2004 - its own two bytes
            return None
        at += 2 + length
    return None


def image_url(account: int, image: State | None) -> str | None:
    """Where it is served, the same for ever."""
    if image is None:
        return None
    return f"/images/{account:012x}/{image['digest']}.{EXTENSION[image['type']]}"
