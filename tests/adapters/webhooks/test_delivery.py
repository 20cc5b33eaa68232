"""What is delivered, to whom, in which order, and what becomes of what is not."""

import re
import threading
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from adapters.webhooks.sqlite import SqliteLedger
from application.locations import change_location, create_location, delete_location
from application.webhooks import change_webhook, delete_webhook
from domain.location import Location, LocationFields
from domain.webhook import WebhookFields
from tests.adapters.webhooks.conftest import NUMBER, House, eventually, seconds
from tests.adapters.webhooks.receiver import Heard, Receiver
from tests.docs import DOCS


def place(house: House, name: str) -> int:
    made = house.do(partial(create_location, fields=LocationFields(name=name)))
    return int(made.number)


def rename(house: House, number: int, *names: str) -> None:
    for name in names:
        house.do(partial(change_location, number=number, fields=LocationFields(name=name)))


def names(receiver: Receiver, of: int | None = None) -> list[str]:
    """What Locations were called, as it was heard."""
    bodies = [heard.body for heard in receiver.heard]
    return [
        body["data"]["changed"]["name"]
        for body in bodies
        if of is None or body["guid"].endswith(f"{of:012}")
    ]


def test_a_change_is_posted_with_what_says_and_proves_it(house: House, receiver: Receiver) -> None:
    hall = place(house, "Hall")
    webhook = house.subscribe(receiver.url + "?of=all", "location.update")
    rename(house, hall, "Great hall")

    house.deliver()
    eventually(lambda: house.outcomes(webhook) == ["delivered"])

    (heard,) = receiver.heard
    body = heard.body
    assert heard.path == "/hear?of=all"
    assert heard.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert heard.headers["user-agent"] == "OpenTicket/Webhook"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["openticket-trigger"] == "location.update"
    assert heard.headers["openticket-identifier"] == webhook.state["nonce"]
    assert {name: body[name] for name in ("event", "resource", "actor", "version", "data")} == {
        "event": "update",
        "resource": "location",
        "actor": "ann",
        "version": 2,
        "data": {"changed": {"name": "Great hall"}},
    }
    (made,) = house.log(webhook)
    assert (made["trigger"], made["guid"]) == ("location.update", body["guid"])
    assert (made["dedupekey"], made["attempt"], made["status"]) == (heard.key, 1, 200)
    assert made["position"] == body["position"]


def test_the_documentation_tells_how_to_verify(house: House, receiver: Receiver) -> None:
    (code,) = re.findall(
        r"```python\n(.*?)```", (DOCS / "reference" / "webhooks.md").read_text(), re.DOTALL
    )
    told: dict[str, Any] = {}
    exec(code, told)  # noqa: S102 - our own page
    webhook = house.subscribe(receiver.url, "location.create")
    place(house, "Hall")

    house.deliver()
    eventually(lambda: bool(receiver.heard))

    (heard,) = receiver.heard
    secret, header = webhook.state["secret"], heard.headers["stagebook-signature"]
    assert told["is_genuine"](secret, header, heard.raw)
    assert not told["is_genuine"](secret, header, heard.raw + b" ")
    assert not told["is_genuine"]("another", header, heard.raw)
    assert not told["is_genuine"](secret, header.replace("t=1", "t=0"), heard.raw)


def test_a_failing_delivery_holds_back_its_own_thing_alone(
    house: House, receiver: Receiver
) -> None:
    failing = threading.Event()
    failing.set()
    webhook = house.subscribe(receiver.url, "location.update", retries=15)
    hall, garden = place(house, "Hall"), place(house, "Garden")
    mine = f"{hall:012}"
    receiver.answering = lambda heard: (
        500 if failing.is_set() and heard.body["guid"].endswith(mine) else 200
    )
    rename(house, hall, "A", "B", "C")
    rename(house, garden, "D", "E", "F")

    house.deliver()
    eventually(lambda: names(receiver, garden) == ["D", "E", "F"])
    assert {*names(receiver, hall)} == {"A"}
    failing.clear()
    eventually(lambda: house.outcomes(webhook).count("delivered") == 6)

    heard = list(dict.fromkeys(names(receiver, hall)))
    assert heard == ["A", "B", "C"]
    assert house.book.ledger().health(str(webhook.id)) == {
        "failing_since": None,
        "waiting_count": 0,
        "failed_count": 0,
    }


def test_it_is_tried_again_with_the_same_key_and_twice_the_wait(
    house: House, receiver: Receiver
) -> None:
    receiver.answering = lambda _: 404
    webhook = house.subscribe(receiver.url, "location.create", retries=4)
    place(house, "Hall")

    house.deliver(first_delay=0.05)
    eventually(lambda: len(house.log(webhook)) == 4)

    log = house.log(webhook)
    assert [made["outcome"] for made in log] == ["failed", "failed", "failed", "given up"]
    assert [made["attempt"] for made in log] == [1, 2, 3, 4]
    assert {made["status"] for made in log} == {404}
    waits = [seconds(b["time"]) - seconds(a["time"]) for a, b in pairwise(log)]
    assert all(wait >= least for wait, least in zip(waits, (0.05, 0.1, 0.2), strict=True)), waits
    assert len({heard.key for heard in receiver.heard}) == 1
    assert len({heard.raw for heard in receiver.heard}) == 1
    assert house.book.ledger().health(str(webhook.id)) == {
        "failing_since": log[0]["time"],
        "waiting_count": 0,
        "failed_count": 1,
    }


def test_what_is_given_up_lets_the_next_go_on_and_can_be_tried_again(
    house: House, receiver: Receiver
) -> None:
    receiver.answering = lambda heard: 500 if heard.body["version"] == 2 else 200
    webhook = house.subscribe(receiver.url, "location.update", retries=2)
    rename(house, place(house, "Hall"), "A", "B")

    house.deliver()
    eventually(lambda: "delivered" in house.outcomes(webhook))
    assert names(receiver) == ["A", "A", "B"]
    assert house.book.ledger().health(str(webhook.id))["failed_count"] == 1
    receiver.answering = lambda _: 204
    assert house.book.ledger().retry(str(webhook.id)) == 1
    eventually(lambda: house.outcomes(webhook).count("delivered") == 2)

    assert names(receiver) == ["A", "A", "B", "A"]
    assert receiver.heard[0].key == receiver.heard[-1].key != receiver.heard[-2].key


def test_a_webhook_hears_from_its_creation_on_and_what_it_asked_for_then(
    house: House, receiver: Receiver
) -> None:
    place(house, "Before")
    webhook = house.subscribe(receiver.url, "location.create")
    other = house.subscribe(receiver.url, "location.delete")
    first = place(house, "First")
    house.do(lambda work: change_webhook(work, webhook.number, WebhookFields(resource="event")))
    place(house, "Unheard")
    house.do(lambda work: delete_location(work, first))
    house.do(lambda work: change_webhook(work, other.number, WebhookFields(enabled=False)))
    house.do(lambda work: delete_location(work, first + 1))
    house.do(lambda work: change_webhook(work, webhook.number, WebhookFields(resource="location")))
    house.do(lambda work: change_webhook(work, other.number, WebhookFields(enabled=True)))
    place(house, "Last")

    house.deliver()
    eventually(lambda: len(house.log(webhook)) == 2 and len(house.log(other)) == 1)

    said = sorted((h.body["position"], h.body["event"]) for h in receiver.heard)
    assert [event for _, event in said] == ["create", "delete", "create"]
    bodies = [heard.body for heard in receiver.heard]
    created = [body["data"]["fields"]["name"] for body in bodies if body["event"] == "create"]
    assert sorted(created) == ["First", "Last"]


def test_a_deleted_webhook_is_told_nothing_more(house: House, receiver: Receiver) -> None:
    receiver.answering = lambda _: 500
    gone = house.subscribe(receiver.url, "location.create", retries=15)
    place(house, "Hall")
    house.deliver()
    eventually(lambda: bool(receiver.heard))

    house.do(lambda work: delete_webhook(work, gone.number))
    receiver.answering = lambda _: 200
    stays = house.subscribe(receiver.url, "location.create")
    place(house, "Garden")
    eventually(lambda: house.outcomes(stays) == ["delivered"])

    assert "delivered" not in house.outcomes(gone)
    assert house.book.ledger().health(str(gone.id))["waiting_count"] == 0


def test_one_thing_is_heard_of_where_it_is_named(house: House, receiver: Receiver) -> None:
    hall, garden = place(house, "Hall"), place(house, "Garden")
    identifier = str(Location.id_of(NUMBER, garden))
    one = house.subscribe(receiver.url, "location.update", identifier=identifier)
    everything = house.subscribe(receiver.url, "location.revision")
    rename(house, hall, "A")
    rename(house, garden, "B")

    house.deliver()
    eventually(lambda: len(house.log(everything)) == 2)
    eventually(lambda: not house.book.ledger().health(str(one.id))["waiting_count"])

    assert [made["guid"] for made in house.log(one)] == [identifier]


def test_an_outage_of_the_deliverer_loses_nothing(house: House, receiver: Receiver) -> None:
    webhook = house.subscribe(receiver.url, "location.create")
    house.deliver().stop()
    place(house, "Hall")
    second = house.deliver(first_delay=3_600)
    eventually(lambda: house.outcomes(webhook) == ["delivered"])

    receiver.answering = lambda _: 500
    place(house, "Garden")
    eventually(lambda: house.outcomes(webhook) == ["delivered", "failed"])
    second.stop()
    receiver.answering = lambda _: 200
    other = house.subscribe(receiver.url, "location.create")
    place(house, "Roof")
    house.deliver()
    eventually(lambda: house.outcomes(other) == ["delivered"])

    eventually(lambda: house.outcomes(webhook) == ["delivered", "failed", "delivered"])
    assert house.book.ledger().health(str(webhook.id))["waiting_count"] == 1
    assert house.book.ledger().retry(str(webhook.id)) == 0
    eventually(lambda: house.book.ledger().health(str(webhook.id))["waiting_count"] == 0)
    assert house.outcomes(webhook)[-1] == "delivered"


def test_one_delivers_and_another_takes_over(house: House, receiver: Receiver) -> None:
    webhook = house.subscribe(receiver.url, "location.create")
    first, _second = house.deliver(), house.deliver()
    place(house, "Hall")
    eventually(lambda: house.outcomes(webhook) == ["delivered"])

    first.stop()
    place(house, "Garden")
    eventually(lambda: house.outcomes(webhook) == ["delivered"] * 2)

    assert len(receiver.heard) == 2


def test_who_was_overtaken_stands_back_and_begins_anew(house: House, receiver: Receiver) -> None:
    webhook = house.subscribe(receiver.url, "location.create")
    house.deliver()
    place(house, "Hall")
    eventually(lambda: house.outcomes(webhook) == ["delivered"])

    house.book.ledger().begin()
    place(house, "Garden")
    eventually(lambda: house.outcomes(webhook) == ["delivered"] * 2)

    assert len(receiver.heard) == 2


def test_a_lost_ledger_is_made_up_for(house: House, receiver: Receiver, tmp_path: Path) -> None:
    place(house, "Before")
    webhook = house.subscribe(receiver.url, "location.create")
    place(house, "Hall")
    first = house.deliver()
    eventually(lambda: house.outcomes(webhook) == ["delivered"])
    first.stop()

    with closing(SqliteLedger(tmp_path / "new.sqlite")) as new:
        again = house.deliver(ledger=new)
        eventually(lambda: len(new.invocations(str(webhook.id))) == 1)
        again.stop()

    one, other = receiver.heard
    assert (one.key, one.raw) == (other.key, other.raw)


def test_a_body_that_cannot_be_made_holds_back_nothing_else(
    house: House, receiver: Receiver
) -> None:
    def render(_account: int, _kind: int, number: int, fact: Any) -> Any:
        return {"number": number, "half": 1 // (number - hall)}

    hall = place(house, "Hall")
    webhook = house.subscribe(receiver.url, "location.update", retries=1)
    rename(house, hall, "A")
    rename(house, place(house, "Garden"), "B")

    house.deliver(render=render)
    eventually(lambda: len(house.log(webhook)) == 2)

    assert sorted(house.outcomes(webhook)) == ["delivered", "given up"]
    (heard,) = receiver.heard
    assert heard.body["data"] == {"number": hall + 1, "half": 1}


def test_anything_but_2xx_is_a_failure(house: House, receiver: Receiver) -> None:
    answers = {"A": 199, "B": 301, "C": 400, "D": 503}

    def answering(heard: Heard) -> bytes:
        status = answers[heard.body["data"]["fields"]["name"]]
        return b"HTTP/1.1 %d Hm\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n" % status

    receiver.answering = answering
    webhook = house.subscribe(receiver.url, "location.create", retries=0)
    for name in answers:
        place(house, name)

    house.deliver()
    eventually(lambda: house.outcomes(webhook) == ["given up"] * 4)

    assert [heard.path for heard in receiver.heard] == ["/hear"] * 4
