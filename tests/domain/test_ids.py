"""One integer a person can read, one UUID a machine can keep, each computed from the other."""

from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import MAX_ACCOUNT, MAX_NUMBER, Id, Kind, account_number, guid, unpack

accounts = st.integers(0, MAX_ACCOUNT)
kinds = st.sampled_from(Kind)
numbers = st.integers(0, MAX_NUMBER)


@given(accounts, kinds, numbers)
def test_a_guid_gives_back_the_three_numbers_it_was_made_of(
    account: int, kind: Kind, number: int
) -> None:
    made = guid(account, kind, number)

    assert unpack(made) == Id(account, kind, number)


@given(accounts, kinds, numbers)
def test_a_guid_is_a_version_8_uuid_of_rfc_9562(account: int, kind: Kind, number: int) -> None:
    made = guid(account, kind, number)

    assert made.version == 8
    assert made.variant == RFC_4122
    assert UUID(str(made)) == made


def test_a_guid_never_changes() -> None:
    made = guid(0xABCDEF, Kind.EVENT, 42)

    assert str(made) == "000000ab-cdef-8003-8000-00000000002a"


@pytest.mark.parametrize(
    "foreign",
    [
        "11111111-2222-4333-8444-555555555555",
        "00000000-0000-0000-0000-000000000000",
        "000000ab-cdef-8003-c000-00000000002a",
    ],
    ids=["version 4", "nil", "another variant"],
)
def test_a_uuid_of_another_make_is_not_ours(foreign: str) -> None:
    with pytest.raises(ValueError, match="not a version-8 UUID"):
        unpack(UUID(foreign))


def test_kinds_are_stored_for_ever() -> None:
    assert {kind.name: kind.value for kind in Kind} == {
        "REGISTRY": 1,
        "LOCATION": 2,
        "EVENT": 3,
        "DATE": 4,
        "CONTINGENT": 5,
        "INVENTORY": 6,
        "HOSTING": 7,
        "PRICE_TYPE": 8,
        "PRICE_LIST": 9,
        "SALES_CHANNEL": 10,
        "LOCK_TYPE": 11,
        "CUSTOM_FIELD": 12,
        "SEAT_RANK": 13,
        "ORDER": 14,
        "CONTACT": 15,
        "SEATING_PLAN": 16,
        "CUSTOM_FIELD_VALUE": 17,
        "PAYMENT_SCENARIO": 18,
        "TRACKER": 19,
        "WEBHOOK": 20,
        "USAGE": 21,
        "CUSTOMKEYS": 22,
        "BUYERS": 23,
        "PAYMENT_METHOD": 24,
        "DELIVERY_SCENARIO": 25,
        "RELATION_TYPE": 26,
        "CONTACT_TITLE": 27,
        "CONTACT_ADDRESS_TYPE": 28,
        "PHONE_NUMBER_TYPE": 29,
    }


@given(st.text(max_size=50))
def test_an_account_has_the_same_number_in_every_store(name: str) -> None:
    assert account_number(name) == account_number(name)
    assert 1 <= account_number(name) <= MAX_ACCOUNT


def test_the_number_of_an_account_never_changes() -> None:
    assert account_number("demo") == 0x2A97516C354B
