"""The tables of the documentation, made from the code. `python -m tests.docs` writes them."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from typer.main import get_command

from adapters import cli
from adapters.http.app import make_app
from adapters.http.auth import DATA, ROLE_PERMISSIONS
from adapters.http.errors import STATUS, slug, title
from adapters.queries.schema import FOR_SELLERS, TABLES
from adapters.settings import Settings, table
from adapters.watching import metrics as counted
from adapters.watching.views import GAUGES
from domain import webhook_triggers
from domain.base import DomainEvent, own_fields, type_of_topic
from domain.registry import Role
from tests import vendor_endpoints as vendors

NATIVE = ("/v1/", "/health/", "/images/")
ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"


@cache
def openapi() -> dict[str, Any]:
    return make_app(Settings()).openapi()


def api() -> str:
    rows = ["| method | path | what it does |", "|---|---|---|"]
    for path, operations in openapi()["paths"].items():
        if not path.startswith(NATIVE):
            continue
        for method, operation in operations.items():
            says = " ".join(operation.get("description", "").split())
            rows.append(f"| {method.upper()} | `{path}` | {says} |")
    return "\n".join(rows)


def ticketmatic() -> str:
    return vendors.table(vendors.there(openapi(), "Ticketmatic"), vendors.of_the_client())


def sql() -> str:
    rows = ["| table | columns |", "|---|---|"]
    for name, of in TABLES.items():
        twin = name.replace("conf.", "tm.", 1)
        if twin != name and twin in TABLES:
            continue
        also = f", `conf.{name[3:]}`" if f"conf.{name[3:]}" in TABLES else ""
        columns = [f"{n}*LL*" if n in of.translatable else n for n in of.columns]
        if of.owner:
            columns.append("c_…")
        seller = name in FOR_SELLERS
        shown = [f"{n} (s)" if n in of.personal else n for n in columns]
        also += " (s)" if seller else ""
        rows.append(f"| `{name}`{also} | {' '.join(shown)} |")
    return "\n".join(rows)


def openticket() -> str:
    return vendors.table(vendors.there(openapi(), "OpenTicket"), vendors.of_openticket())


def problems() -> str:
    rows = ["| status | `urn:stagebook:problem:…` | title |", "|---|---|---|"]
    for refusal, status in STATUS.items():
        rows.append(f"| {status} | `{slug(refusal)}` | {title(refusal)} |")
    return "\n".join(rows)


def facts() -> str:
    rows = ["| fact | topic | says |", "|---|---|---|"]
    for topic, fact in sorted(type_of_topic.items()):
        if issubclass(fact, DomainEvent) and topic and not topic.startswith("snapshot"):
            says = ", ".join(f"`{name}`" for name in own_fields(fact)) or " "
            rows.append(f"| {fact.__name__} | `{topic}` | {says} |")
    return "\n".join(rows)


def roles() -> str:
    rows = [f"| | {' | '.join(Role)} |", "|---|" + "---|" * len(Role)]
    for data, need in DATA.items():
        seen = ("yes" if need in ROLE_PERMISSIONS[role] else "" for role in Role)
        rows.append(f"| {data} | {' | '.join(seen)} |")
    return "\n".join(rows)


def commands() -> str:
    rows = ["| command | what it does |", "|---|---|"]
    for name, command in get_command(cli.app).commands.items():  # type: ignore[attr-defined]
        for sub, inner in getattr(command, "commands", {"": command}).items():
            says = (inner.help or "").split("\n")[0]
            rows.append(f"| `stagebook {name} {sub}`".rstrip(" `") + f"` | {says} |")
    return "\n".join(rows)


def metrics() -> str:
    rows = ["| metric | by | what it is |", "|---|---|---|"]
    for name, says in (counted.MEANINGS | GAUGES).items():
        by = counted.LABELS.get(name) or (("view",) if re.search("_view_|_rebuild_", name) else ())
        told = f"{name}_total" if name in counted.COUNTERS else name
        rows.append(f"| `{told}` | {', '.join(by)} | {says} |")
    return "\n".join(rows)


def tables() -> dict[str, str]:
    return {
        "api": api(),
        "ticketmatic": ticketmatic(),
        "sql": sql(),
        "openticket": openticket(),
        "roles": roles(),
        "problems": problems(),
        "facts": facts(),
        "settings": table(),
        "commands": commands(),
        "metrics": metrics(),
        "webhooks": webhook_triggers.table(),
    }


def pages() -> list[Path]:
    """Everything that is written for readers."""
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


def written(text: str, made: dict[str, str]) -> str:
    """A page with each of its tables as the code has it now."""

    def table_of(found: re.Match[str]) -> str:
        return f"{found[1]}{made[found[2]]}\n{found[3]}"

    pattern = r"(<!-- (\w+): written by [^\n]*-->\n).*?(<!-- /\2 -->)"
    return re.sub(pattern, table_of, text, flags=re.DOTALL)


def tables_in(text: str) -> list[str]:
    return re.findall(r"^<!-- (\w+): written by ", text, re.MULTILINE)


if __name__ == "__main__":
    now = tables()
    for page in pages():
        page.write_text(written(page.read_text(), now))
