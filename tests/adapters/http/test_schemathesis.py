"""Every operation of the three surfaces, asked with what its description allows and with what it
does not: never a 500, and every answer is what the description says."""

from collections.abc import Iterator

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, GenerationMode

from adapters.bootstrap import bootstrap
from adapters.http.app import make_app
from adapters.http.openapi import DOCUMENTS
from adapters.sealing import Seal
from adapters.settings import Settings
from application.keyring import NewKey, adding_signing_key
from domain.registry import Role
from tests.adapters.http.fuzzing import ACCESS_KEY, SECRET, Fuzzed
from tests.adapters.http.talk import Json, opened
from tests.conftest import ACCOUNT, add_keys

EXAMPLES, PARTS = 2, 4
"""Examples of each kind an operation; tests a surface."""
FUZZ = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An application that every surface's keys open."""
    place = str(tmp_path_factory.mktemp("fuzz"))
    keyed = Settings(store=place, view_wait=60, secret_key="k" * 32, webhook_hosts="127.0.0.0/8")
    book = bootstrap(keyed)
    book.start()
    add_keys(book)
    sealed = Seal(keyed).seal(ACCESS_KEY, SECRET)
    adding = adding_signing_key(NewKey(ACCOUNT, Role.ADMIN), ACCESS_KEY, sealed)
    book.execute(adding, account=0, actor="tests")
    book.close()
    with opened(make_app(keyed)) as client:
        yield client


@pytest.fixture(scope="module")
def operations(client: TestClient) -> dict[str, list[APIOperation]]:
    """Those of each surface, from its own document."""
    return {one.name: operations_of(client.get(one.path).json()) for one in DOCUMENTS[:3]}


def operations_of(document: Json) -> list[APIOperation]:
    for operation in (one for path in document["paths"].values() for one in path.values()):
        operation.pop("security", None)  # every call has its key
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("surface", ["native", "ticketmatic", "openticket"])
def test_every_answer_is_as_described(
    client: TestClient, operations: dict[str, list[APIOperation]], surface: str, part: int
) -> None:
    asked = operations[surface][part::PARTS]
    assert asked
    fuzzed = Fuzzed(client)

    for operation in asked:
        fuzz(fuzzed, operation)


def fuzz(fuzzed: Fuzzed, operation: APIOperation) -> None:
    """As described, and, where it takes a query or JSON, not as described."""
    modes = [GenerationMode.POSITIVE]
    bodies = [body for body in operation.body if "json" in body.media_type]
    if bodies or operation.query:
        modes.append(GenerationMode.NEGATIVE)
    for mode in modes:
        FUZZ(given(case=operation.as_strategy(generation_mode=mode))(fuzzed.ask))()
    if operation.method != "get":
        fuzzed.renew()
