"""What a process keeps is bounded, and each bound is documented as the code has it."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from adapters.settings import Settings

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "application", "projections", "adapters")
ROW = re.compile(r"\| `([\w.]+)` \| ([\d,]+) \|")


def documented() -> dict[str, int]:
    section = (ROOT / "docs/operations/postgresql.md").read_text().partition("\n## Memory\n")[2]
    rows = ROW.findall(section.partition("\n## ")[0])
    return {name: int(bound.replace(",", "")) for name, bound in rows}


def bounded_caches() -> Iterator[tuple[str, int | None]]:
    """Every `lru_cache` of the program by its name, with its bound."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    for made in node.decorator_list:
                        if "lru_cache" in ast.unparse(made):
                            yield f"{module}.{node.name}", bound_of(made)
                elif isinstance(node, ast.Assign) and "lru_cache(" in ast.unparse(node.value):
                    assert isinstance(node.value, ast.Call)
                    yield f"{module}.{ast.unparse(node.targets[0])}", bound_of(node.value.func)


def bound_of(made: ast.expr) -> int | None:
    """None where nothing is said: that is 128, which nobody chose."""
    if not isinstance(made, ast.Call):
        return None
    (value,) = [*made.args, *(one.value for one in made.keywords if one.arg == "maxsize")]
    bound = ast.literal_eval(value)
    return None if bound is None else int(bound)


def test_every_bounded_cache_is_documented_with_its_bound() -> None:
    caches, said = dict(bounded_caches()), documented()

    assert len(caches) > 10
    assert {name: said.get(name) for name in caches} == caches


def test_every_constant_and_setting_is_what_the_tables_say() -> None:
    said = documented()
    caches = dict(bounded_caches())
    settings = {name: bound for name, bound in said.items() if "." not in name}
    constants = {name: b for name, b in said.items() if "." in name and name not in caches}

    assert {name: getattr(Settings(), name.lower()) for name in settings} == settings
    assert {name: value(name) for name in constants} == constants
    assert len(constants) > 10


def value(name: str) -> object:
    module, _, constant = name.rpartition(".")
    return getattr(import_module(module), constant)
