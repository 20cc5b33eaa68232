"""Deliveries that belong to another history than the store's are set aside, and begin again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.bootstrap import bootstrap
from adapters.settings import Settings
from application.locations import create_location
from domain.location import LocationFields
from tests.adapters.webhooks.conftest import House, eventually
from tests.adapters.webhooks.receiver import Receiver
from tests.copies import Copy, Part

SET_ASIDE = "deliveries of another history set aside"


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Settings:
    """An empty place of the same sort."""
    if settings.is_postgres:
        return Settings(store=request.getfixturevalue("new_database")(), connections=4)
    return Settings(store=str(tmp_path / "elsewhere"))


@pytest.fixture
def other(elsewhere: Settings) -> Iterator[House]:
    with closing(House(elsewhere)) as made:
        yield made


def create(house: House, name: str) -> None:
    fields = LocationFields(name=name)
    house.do(lambda work: create_location(work, fields=fields))


def put_back(house: House, copy: Copy) -> House:
    """The house on what is there by then."""
    house.close()
    copy.put_back(house.settings)
    return House(house.settings, keys=False)


def created(receiver: Receiver) -> list[str]:
    return [heard.body["data"]["fields"]["name"] for heard in receiver.heard]


def waiting(house: House) -> list[tuple[str, int]]:
    with house.book.ledger().reading() as c:
        rows = c.execute("SELECT store, position FROM webhook_set_aside").fetchall()
    return [(store, position) for store, position in rows]


def test_facts_that_were_lost_are_not_delivered_and_the_others_have_the_keys_they_had(
    settings: Settings, receiver: Receiver, tmp_path: Path
) -> None:
    house = House(settings)
    house.subscribe(receiver.url, "location.create")
    create(house, "Kept")
    house.deliver()
    eventually(lambda: created(receiver) == ["Kept"])
    house.close()
    copy = Copy(settings, tmp_path / "copy")
    house = House(settings, keys=False)
    house.deliver()
    create(house, "Lost")
    eventually(lambda: created(receiver) == ["Kept", "Lost"])

    house = put_back(house, copy)
    create(house, "New")  # under the number and the version of the lost one
    with capture_logs() as logs:
        house.deliver()
        eventually(lambda: sorted(created(receiver)[2:]) == ["Kept", "New"])
    house.close()

    kept, lost, *again = receiver.heard
    kept_again, new = sorted(again, key=lambda heard: str(heard.body["data"]))
    assert kept_again.key == kept.key
    assert lost.body["guid"] == new.body["guid"]
    assert lost.key != new.key
    assert [entry["event"] for entry in logs].count(SET_ASIDE) == 1


def test_what_waited_for_a_lost_fact_is_set_aside(
    settings: Settings, receiver: Receiver, tmp_path: Path
) -> None:
    house = House(settings)
    house.subscribe(receiver.url, "location.create")
    house.close()
    copy = Copy(settings, tmp_path / "copy")
    receiver.answering = lambda _: 500
    house = House(settings, keys=False)
    store = str(house.book.identity)
    create(house, "Lost")
    house.deliver(first_delay=60)
    eventually(lambda: len(receiver.heard) == 1)

    house = put_back(house, copy)
    with capture_logs() as logs:
        house.deliver()
        eventually(lambda: bool(waiting(house)))
    ((of, _),) = waiting(house)
    house.close()

    assert of == store
    (told,) = [entry for entry in logs if entry["event"] == SET_ASIDE]
    assert told["deliveries"] == 1
    assert len(receiver.heard) == 1


def test_of_an_older_copy_of_the_outbox_what_came_since_is_delivered_again(
    settings: Settings, receiver: Receiver, tmp_path: Path
) -> None:
    house = House(settings)
    house.subscribe(receiver.url, "location.create")
    create(house, "First")
    house.deliver()
    eventually(lambda: created(receiver) == ["First"])
    house.close()
    copy = Copy(settings, tmp_path / "copy", "outbox")
    house = House(settings, keys=False)
    house.deliver()
    create(house, "Second")
    eventually(lambda: created(receiver) == ["First", "Second"])

    house = put_back(house, copy)
    house.deliver()
    eventually(lambda: len(receiver.heard) == 3)
    house.close()

    assert created(receiver) == ["First", "Second", "Second"]
    assert receiver.heard[1].key == receiver.heard[2].key


def test_the_outbox_of_another_store_is_not_delivered_from(
    settings: Settings, other: House, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answering = lambda _: 500
    other.subscribe(receiver.url, "location.create")
    create(other, "Elsewhere")
    other.deliver(first_delay=60)
    eventually(lambda: len(receiver.heard) == 1)
    other.close()
    part: Part = "outbox"
    copy = Copy(other.settings, tmp_path / "copy", part)
    receiver.answering = lambda _: 200
    house = House(settings)
    house.subscribe(receiver.url, "location.create")
    create(house, "Here")
    house.book.ledger()  # its tables are there, and empty

    house = put_back(house, copy)
    assert house.book.foreign_outbox() is not None
    before = house.book.identity
    house.book.settle()
    assert house.book.identity == before
    house.deliver()
    eventually(lambda: len(receiver.heard) == 2)
    eventually(lambda: house.book.foreign_outbox() is None)
    house.close()

    assert created(receiver) == ["Elsewhere", "Here"]


def test_the_outbox_alone_tells_that_its_store_has_lost_facts(
    settings: Settings, receiver: Receiver, tmp_path: Path
) -> None:
    house = House(settings)
    house.subscribe(receiver.url, "location.create")
    house.close()
    copy = Copy(settings, tmp_path / "copy")
    house = House(settings, keys=False)
    house.deliver()
    create(house, "Lost")
    eventually(lambda: created(receiver) == ["Lost"])
    before = house.book.identity

    house = put_back(house, copy)
    house.book.settle()
    house.close()

    with closing(bootstrap(settings)) as book:
        assert book.identity.epoch > before.epoch
