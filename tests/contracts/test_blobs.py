"""Bytes are kept with the fact that names them, or not at all."""

import pytest

from application.ports import Blob, Store, VersionTaken
from tests.contracts.facts import changed
from tests.spec import ACCOUNT

PICTURE = Blob(ACCOUNT, "a" * 64, "image/png", b"first")


def test_bytes_are_kept_with_the_fact_that_names_them(store: Store) -> None:
    store.append([changed(1, 1)], blobs=[PICTURE])

    assert store.blob(ACCOUNT, "a" * 64) == ("image/png", b"first")
    assert store.blob_accounts() == [ACCOUNT]


def test_bytes_of_a_fact_that_is_not_recorded_are_not_kept(store: Store) -> None:
    store.append([changed(1, 1)])

    with pytest.raises(VersionTaken):
        store.append([changed(1, 1)], blobs=[PICTURE])

    assert [*store.blobs(ACCOUNT)] == []


def test_bytes_are_kept_in_a_turn_as_well(store: Store) -> None:
    with store.append_lock():
        store.append([changed(1, 1)], blobs=[PICTURE])

    assert [*store.blobs(ACCOUNT)] == ["a" * 64]


def test_bytes_that_no_fact_names_can_be_dropped(store: Store) -> None:
    store.append([], blobs=[PICTURE])

    store.drop_blob(ACCOUNT, "a" * 64)

    assert store.blob(ACCOUNT, "a" * 64) is None
    assert store.blob_accounts() == []


def test_what_is_dropped_is_counted_no_more_and_that_at_once(store: Store) -> None:
    store.append([], blobs=[PICTURE])
    assert store.usage(ACCOUNT)["bytes"] == len(PICTURE.data)

    store.drop_blob(ACCOUNT, "b" * 64)  # there is none
    store.drop_blob(ACCOUNT, "a" * 64)
    store.drop_blob(ACCOUNT, "a" * 64)

    assert store.usage(ACCOUNT)["bytes"] == 0
    assert store.counted_accounts() == [ACCOUNT]
