"""What may be an image: known by what it contains, never by what it is called."""

import struct

import pytest

from domain.errors import Invalid
from domain.images import MAX_IMAGE, image_of, image_url
from tests.adapters.http.talk import PNG, png

SOF = b"\xff\xc0\x00\x11\x08"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + SOF + struct.pack(">HH", 600, 800) + bytes(10)


@pytest.mark.parametrize(("data", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
def test_an_image_is_known_by_its_bytes(data: bytes, kind: str) -> None:
    image = image_of(data)

    assert (image.type, image.size) == (kind, len(data))
    assert image == image_of(bytes(data))
    assert image.digest != image_of(data + b"\0").digest


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n",
        PNG[:20],
        PNG[:20] + b"\x09" + PNG[21:],  # the checksum is of another header
        png(0, 1),
        png(1, 70_000),
        JPEG[:3],
        JPEG[: JPEG.index(SOF)],
        JPEG[: JPEG.index(SOF) + 7],
        JPEG.replace(struct.pack(">HH", 600, 800), bytes(4)),
        b"\xff\xd8\xff\xda\x00\x02" + JPEG[2:],
        b"\xff\xd8\xff\xe0\x00\x01" + SOF + bytes(20),
        b"\xff\xd8" + b"\xff" * 1_000,
        b"<html>" + JPEG,
    ],
)
def test_what_is_neither_jpeg_nor_png_is_none(data: bytes) -> None:
    with pytest.raises(Invalid):
        image_of(data)


def test_an_image_has_at_most_ten_mebibytes() -> None:
    assert image_of(PNG.ljust(MAX_IMAGE, b"\0")).size == MAX_IMAGE
    with pytest.raises(Invalid, match="10 MiB"):
        image_of(PNG.ljust(MAX_IMAGE + 1, b"\0"))


def test_an_image_has_one_address_for_ever() -> None:
    image = image_of(JPEG).state()

    assert image_url(0xABC, image) == f"/images/000000000abc/{image['digest']}.jpg"
    assert image_url(0xABC, None) is None
