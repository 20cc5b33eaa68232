"""Receivers that hang hold up their own account, and no other."""

import threading
from functools import partial

from adapters.webhooks.deliverer import AT_ONCE_ACCOUNT
from application.locations import create_location
from domain.ids import account_number
from domain.location import LocationFields
from tests.adapters.webhooks.conftest import House, eventually
from tests.adapters.webhooks.receiver import Heard, Receiver
from tests.conftest import add_keys

OTHER = account_number("other")
ADDED = partial(create_location, fields=LocationFields(name="Hall"))


def test_an_account_whose_receivers_hang_does_not_hold_up_another(
    house: House, receiver: Receiver
) -> None:
    add_keys(house.book, "other", "-other")
    released, hanging = threading.Event(), list[str]()

    def answer(heard: Heard) -> int:
        if heard.path == "/hang":
            hanging.append(heard.key)
            released.wait(20)
        return 200

    receiver.answering = answer
    hang = receiver.url.replace("/hear", "/hang")
    hung = [house.subscribe(hang, "location.create") for _ in range(3 * AT_ONCE_ACCOUNT)]
    good = house.subscribe(receiver.url, "location.create", OTHER)
    house.do(ADDED)
    try:
        house.deliver()
        eventually(lambda: len(hanging) == AT_ONCE_ACCOUNT)
        house.do(ADDED, OTHER)

        eventually(lambda: house.outcomes(good) == ["delivered"])

        assert len(hanging) == AT_ONCE_ACCOUNT
        assert not any(house.outcomes(webhook) for webhook in hung)
    finally:
        released.set()
    eventually(lambda: all(house.outcomes(webhook) == ["delivered"] for webhook in hung))
