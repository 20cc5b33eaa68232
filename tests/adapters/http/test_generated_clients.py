"""Clients that are generated from the OpenAPI documents, at work: in Python over real HTTP, in
TypeScript through its compiler where `make` has installed that (npm is there)."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from adapters.http.openapi import DOCUMENTS
from tests.adapters.http.talk import END, START, Json
from tests.adapters.http.vendors import Served

CLIENTS = Path(__file__).parents[2] / "clients"
TOOLS = CLIENTS / "node_modules" / ".bin"
COMPILED = [CLIENTS / "sale.ts"] if (TOOLS / "tsc").exists() else []
SKIPPED = re.compile(r"WARNING parsing (\w+ \S+) within \w+\. Endpoint will not be generated")
PACKAGE = "stagebook_generated"
GENERATOR = Path(sys.executable).with_name("openapi-python-client")


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory, served: Served) -> dict[str, Path]:
    """The file of each document, as the server gives it."""
    folder = tmp_path_factory.mktemp("documents")
    files = {}
    for document in DOCUMENTS[:3]:
        files[document.name] = folder / f"{document.name}.json"
        files[document.name].write_bytes(served.http.get(document.path).content)
    return files


def generated(document: Path, folder: Path) -> str:
    """The Python client of a document, in a package; what the generator says."""
    settings = folder / "settings.yaml"
    settings.write_text("post_hooks: []\n")
    places = ("--path", document, "--config", settings, "--output-path", folder / PACKAGE)
    made = subprocess.run(
        [GENERATOR, "generate", *places, "--meta", "none"], capture_output=True, check=True
    )
    return re.sub(r"\s+", " ", (made.stdout + made.stderr).decode())


@pytest.fixture(scope="session")
def warnings(documents: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the generator said of the native document, when it made the package of these tests."""
    folder = tmp_path_factory.mktemp("generated")
    said = generated(documents["native"], folder)
    sys.path.insert(0, str(folder))
    yield said
    sys.path.remove(str(folder))


class Program:
    """A program that uses the generated client, and what it has sent."""

    def __init__(self, served: Served, account: str) -> None:
        self.sent: list[tuple[str, str, Json | None]] = []
        headers = served.token(account)
        token = headers["Authorization"].removeprefix("Bearer ")
        client = part("client").AuthenticatedClient(base_url=served.url, token=token)
        self._http = served.session(headers)
        self._http.event_hooks = {"request": [self._keep]}
        self._client = client.set_httpx_client(self._http)

    def _keep(self, request: httpx.Request) -> None:
        body = json.loads(request.content) if request.content else None
        self.sent.append((request.method, request.url.path, body))

    def call(self, operation: str, *path: Any, **more: Any) -> Any:
        """The parsed answer of an operation, such as `events.create_event`."""
        function: Callable[..., Any] = part(f"api.{operation}").sync_detailed
        answer = function(*path, client=self._client, **more)
        assert answer.status_code < 300, (operation, answer.content)
        return answer.parsed

    def refused(self, operation: str, *path: Any, **more: Any) -> Any:
        return part(f"api.{operation}").sync_detailed(*path, client=self._client, **more).parsed

    def read(self, path: str) -> Json:
        """A document as it is, without the generated client."""
        document: Json = self._http.get(path).json()
        return document

    def close(self) -> None:
        self._http.close()


def part(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.{name}")


def model(kind: str, /, **fields: Any) -> Any:
    """A value of a generated type."""
    return getattr(part("models"), kind)(**fields)


@pytest.fixture
def program(warnings: str, served: Served, request: pytest.FixtureRequest) -> Iterator[Program]:
    program = Program(served, f"generated-{abs(hash(request.node.name)) % 10**8}")
    yield program
    program.close()


def test_the_generator_leaves_out_nothing_of_v1_but_the_upload_of_an_image(warnings: str) -> None:
    assert SKIPPED.findall(warnings) == ["PUT /v1/events/{id}/image"]


def test_every_operation_of_v1_has_a_function(warnings: str, documents: dict[str, Path]) -> None:
    native = json.loads(documents["native"].read_text())["paths"]
    operations = [one for methods in native.values() for one in methods.values()]

    for operation in operations:
        if operation["operationId"] != "put_image":
            name = f"{operation['tags'][0].lower()}.{operation['operationId']}"
            assert callable(part(f"api.{name}").sync_detailed), name
    assert len(operations) > 120


@pytest.mark.parametrize("name", ["ticketmatic", "openticket"])
def test_the_generator_leaves_out_nothing_of_a_dialect_but_uploads(
    name: str, documents: dict[str, Path], tmp_path: Path
) -> None:
    said = SKIPPED.findall(generated(documents[name], tmp_path))

    assert all(endpoint.endswith("/image") for endpoint in said), said


def test_a_generated_client_sells_from_the_first_hall_to_the_refund(program: Program) -> None:
    hall = program.call("locations.create_location", body=model("NewLocation", name="Hall"))
    event = program.call(
        "events.create_event",
        body=model("NewEvent", locationid=hall.id, name="Live", **times()),
    )
    lot = program.call(
        "tickets.add_contingent",
        str(event.id),
        body=model("NewContingent", name="Stalls", amount=50, price=30.0),
    )
    program.call("events.publish_event", str(event.id))
    take = model("Take", contingentid=lot.id, amount=2)
    order = program.call(
        "orders.create_order", body=model("NewOrder", saleschannelid=2, take=[take])
    )
    program.call("orders.confirm_order", str(order.id))
    payment = model("PaymentBody", amount=60.0)
    paid = program.call("orders.add_payment", str(order.id), body=payment)
    refund = model("RefundBody", amount=30.0)
    program.call("orders.add_refund", str(order.id), body=refund)

    read = program.call("orders.get_order", str(order.id))
    counters = program.call("availability.get_availability", str(event.id))
    orders = program.call("orders.list_orders", eventid=event.id)

    assert (paid.paymentstatus, paid.totalamount) == (1, 60.0)
    assert read.amountpaid == 30.0
    assert [ticket.contingentid for ticket in read.tickets] == [lot.id, lot.id]
    assert counters.total.sold_paid + counters.total.sold_unpaid == 2
    assert [one.id for one in orders.data] == [order.id]


def test_a_change_sends_and_changes_what_its_caller_named(program: Program) -> None:
    hall = program.call("locations.create_location", body=model("NewLocation", name="Hall"))
    body = model("NewEvent", locationid=hall.id, name="Live", **times())
    event = program.call("events.create_event", body=body)
    path = f"/v1/events/{event.id}/contingents"
    rules = model(
        "NewContingent",
        name="Stalls",
        amount=50,
        price=30.0,
        swappable=False,
        increment=2,
        availability_margin=5,
    )
    lot = program.call("tickets.add_contingent", str(event.id), body=rules)
    before = {
        "lot": program.read(f"{path}/{lot.id}"),
        "hall": program.read(f"/v1/locations/{hall.id}"),
    }
    program.sent.clear()

    program.call(
        *("tickets.change_contingent", str(event.id), str(lot.id)),
        body=model("ContingentBody", amount=60),
    )
    program.call(
        "locations.change_location", str(hall.id), body=model("LocationFields", city="Gent")
    )
    program.call("events.change_event", str(event.id), body=model("EventBody", subtitle="Extra"))

    assert [body for _, _, body in program.sent] == [
        {"amount": 60},
        {"city": "Gent"},
        {"subtitle": "Extra"},
    ]
    after = {
        "lot": program.read(f"{path}/{lot.id}"),
        "hall": program.read(f"/v1/locations/{hall.id}"),
    }
    assert differing(before["lot"], after["lot"]) <= {"amount", "availability", "lastupdatets"}
    assert differing(before["hall"], after["hall"]) == {"city", "version", "lastupdatets"}


def test_a_generated_client_writes_and_reads_custom_fields(program: Program) -> None:
    hall = model("NewLocation", name="Hall")
    hall["c_floor"] = "oak"
    made = program.call("locations.create_location", body=hall)

    change = model("LocationFields")
    change["c_doors"] = [1, 2]
    program.call("locations.change_location", str(made.id), body=change)

    read = program.call("locations.get_location", str(made.id))
    assert read.additional_properties == {"c_floor": "oak", "c_doors": [1, 2]}


def test_a_refusal_is_a_typed_problem(program: Program) -> None:
    problem = program.refused("events.get_event", "4711")

    assert type(problem) is part("models").Problem
    assert (problem.status, problem.type_) == (404, "urn:stagebook:problem:not-found")


def test_the_client_of_the_catalog_makes_and_changes_things(program: Program) -> None:
    body = model("NewPriceType", name="Students", remark="With a card")
    made = program.call("catalog.create_price_type", body=body)
    change = model("PriceTypeFields", name="Pupils")
    changed = program.call("catalog.change_price_type", str(made.id), body=change)

    assert (changed.name, changed.remark, changed.typeid) == ("Pupils", "With a card", made.typeid)


@pytest.mark.parametrize("source", COMPILED, ids=lambda path: path.name)
def test_a_program_of_the_generated_types_compiles(
    source: Path, documents: dict[str, Path], tmp_path: Path
) -> None:
    types = tmp_path / "native.d.ts"
    subprocess.run(
        [TOOLS / "openapi-typescript", documents["native"], "--output", types],
        check=True,
        capture_output=True,
    )
    packages = CLIENTS / "node_modules"
    paths = {"schema": [str(types)], "openapi-fetch": [str(packages / "openapi-fetch")]}
    settings = {
        "extends": str(CLIENTS / "tsconfig.json"),
        "compilerOptions": {"paths": paths},
        "files": [str(source)],
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))

    compiled = subprocess.run([TOOLS / "tsc", "-p", tmp_path], capture_output=True, check=False)

    assert compiled.returncode == 0, compiled.stdout.decode()


def test_the_packages_of_the_typescript_client_are_pinned_without_an_address() -> None:
    lock = json.loads((CLIENTS / "package-lock.json").read_text())
    wanted = json.loads((CLIENTS / "package.json").read_text())["devDependencies"]

    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert {f"node_modules/{name}" for name in wanted} <= packages.keys()
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def times() -> dict[str, Any]:
    parsed = datetime.fromisoformat
    return {"startts": parsed(START), "endts": parsed(END)}


def differing(before: Json, after: Json) -> set[str]:
    return {name for name in before if before[name] != after[name]}
