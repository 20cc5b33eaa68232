"""What a command was decided on must still be so when it is recorded, also what it only read."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import pytest

from application import events, locations
from application.group_commit import GroupCommit
from application.ports import CommandResult, Store
from application.unit_of_work import PendingCommand, UnitOfWork
from domain.base import CommandMetadata
from domain.errors import EventClosed, NotFound
from domain.event import DateFields
from domain.event_fields import EventBody
from domain.location import LocationFields
from tests.spec import PRICED

NEW = EventBody.model_validate({"name": "E", "locationid": 1, "contingents": [PRICED]})
CONTINGENT = EventBody.model_validate({"contingents": [{"name": "Late", "amount": 5}]})
TIMES = DateFields(start="2026-12-04T20:00:00Z", end="2026-12-04T22:00:00Z")


def cause(command: str) -> CommandMetadata:
    return CommandMetadata("anna", "2026-11-21T20:00:00.000000Z", command, command)


def submit(writer: GroupCommit, decide: Callable[[UnitOfWork], object]) -> Future[CommandResult]:
    job = PendingCommand(7, cause("c"), decide, lambda _: CommandResult(200, {}, b""))
    future: Future[CommandResult] = writer.submit(job)
    return future


@pytest.mark.parametrize(
    ("meanwhile", "refusal"),
    [
        (partial(events.change_status, number=1, transition="close"), EventClosed),
        (partial(events.change_status, number=1, transition="redraft"), None),
        (partial(events.delete_event, number=1), NotFound),
    ],
)
def test_contingents_are_decided_again_when_their_event_changed_meanwhile(
    store: Store, meanwhile: Callable[[UnitOfWork], object], refusal: type[Exception] | None
) -> None:
    one, other = GroupCommit(store), GroupCommit(store)
    submit(one, partial(locations.create_location, fields=LocationFields(name="Hall"))).result(10)
    submit(one, partial(events.create_event, body=NEW)).result(10)
    if refusal is not NotFound:
        submit(one, partial(events.add_date, number=1, fields=TIMES)).result(10)
        publish = partial(events.change_status, number=1, transition="publish")
        submit(one, publish).result(10)
    tries = []

    def overtaken(work: UnitOfWork) -> object:
        decided = events.change_event(work, 1, CONTINGENT)
        if not tries:
            submit(other, meanwhile).result(10)
        tries.append(1)
        return decided

    answer = submit(one, overtaken)

    if refusal is None:
        assert answer.result(10).status == 200
        assert len(tries) == 2
    else:
        with pytest.raises(refusal):
            answer.result(10)
        names = [r.fact.name for r in store.read(0, 100)]
        assert names.count("ContingentAdded") == 1
        assert "ContingentRemoved" not in names
    one.close()
    other.close()
