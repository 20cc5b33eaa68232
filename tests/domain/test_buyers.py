"""Addresses of buyers are kept as digests that say nothing to who has not the channel's facts."""

import hashlib

import pytest

from domain.buyers import Buyers
from domain.ids import Kind, guid
from tests.spec import metadata

ANN = "ann@example.org"


def channel(number: int, key: str) -> Buyers:
    buyers = Buyers(guid(1, Kind.BUYERS, number))
    buyers.record(ANN, 42, key, metadata())
    return buyers


def digests(buyers: Buyers) -> set[str]:
    return set(buyers.state["orders"])


def test_one_address_has_another_digest_on_each_channel_and_none_that_anybody_can_compute() -> None:
    one, other = channel(1, "ab" * 16), channel(2, "cd" * 16)

    assert one.order_of(" ANN@example.org") == other.order_of(ANN) == 42
    plain = {hashlib.new(name, ANN.encode()).hexdigest() for name in ("sha256", "md5", "sha1")}
    for digest in (*digests(one), *digests(other)):
        assert len(digest) == 32
        assert not any(known.startswith(digest) for known in plain)
    assert not digests(one) & digests(other)


def test_a_channel_keeps_the_key_of_its_first_buyer() -> None:
    buyers = channel(1, "ab" * 16)

    buyers.record("bob@example.org", 43, "cd" * 16, metadata())
    buyers.record(ANN, 42, "ef" * 16, metadata())

    assert [type(fact).TOPIC for fact in buyers.pending] == [
        "buyers.keyed",
        "buyers.recorded",
        "buyers.recorded",
    ]
    assert (buyers.order_of(ANN), buyers.order_of("bob@example.org")) == (42, 43)


@pytest.mark.parametrize("key", ["", "a", "é" * 500])
def test_whatever_key_an_import_brings_is_one(key: str) -> None:
    assert channel(1, key).order_of(ANN) == 42
