"""What was stored stays readable: every fact's topic and payload, byte for byte, in a file.

A file here is never edited. A payload that takes another shape gets a second file,
`TOPIC.2.json`, and the mapper lifts the first when it reads it.
"""

import importlib
import pkgutil
from pathlib import Path

import pytest
from pydantic_core import from_json, to_json

import domain
from adapters.stores.mapper import FactMapper
from domain.base import DomainEvent, own_fields, type_of_topic
from tests.golden.examples import EXAMPLES

for module in pkgutil.iter_modules(domain.__path__):
    importlib.import_module(f"domain.{module.name}")

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.json"))
EXAMPLE_OF = {example.TOPIC: example for example in EXAMPLES}
DERIVED = {"snapshot", "snapshot.counted"}
"""A snapshot may be deleted and made again: nothing depends on its shape."""


def newest(topic: str) -> Path:
    """`TOPIC.json`, or the last of `TOPIC.2.json`, `TOPIC.3.json`, …"""
    later = [
        f for f in FILES if f.stem.rpartition(".")[0] == topic and f.suffixes[-2][1:].isdigit()
    ]
    return max(later, key=lambda f: int(f.suffixes[-2][1:]), default=FOLDER / f"{topic}.json")


def stored(fact: DomainEvent) -> bytes:
    row = FactMapper().to_stored_event(fact)
    return b'{"topic":%b,"payload":%b}\n' % (to_json(row.topic), row.state)


@pytest.mark.parametrize("topic", sorted(type_of_topic.keys() - DERIVED))
def test_a_fact_is_stored_as_its_golden_file_says(topic: str) -> None:
    assert topic in EXAMPLE_OF, f"{topic} has no example in examples.py"
    made = stored(EXAMPLE_OF[topic])

    path = newest(topic)

    assert path.exists(), f"write {path.name}, it is to hold\n{made.decode()}"
    assert path.read_bytes() == made


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_golden_file_loads(path: Path) -> None:
    golden = from_json(path.read_bytes())
    example = EXAMPLE_OF[golden["topic"]]

    place = (example.originator_id, example.originator_version)
    fact = FactMapper().fact(*place, golden["topic"], to_json(golden["payload"]))

    assert type(fact) is type_of_topic[golden["topic"]]
    assert path != newest(golden["topic"]) or fact == example


def test_a_golden_file_is_named_by_its_topic() -> None:
    for path in FILES:
        topic = from_json(path.read_bytes())["topic"]
        assert path.name == f"{topic}.json" or path.stem.startswith(f"{topic}.")


def test_every_fact_is_found_by_its_own_topic() -> None:
    for topic, fact_class in type_of_topic.items():
        assert topic == fact_class.TOPIC
        assert "." not in fact_class.__module__.removeprefix("domain.")

    assert len(set(type_of_topic.values())) == len(type_of_topic)


def test_an_example_says_everything_that_its_fact_can_say() -> None:
    for example in EXAMPLES:
        assert all(getattr(example, name) is not None for name in own_fields(type(example)))


def test_no_field_of_a_fact_hides_what_every_fact_says() -> None:
    for example in EXAMPLES:
        assert example.name == type(example).__name__
