"""From the text of a question to what is run: read, checked, rewritten. For a helper process."""

from collections.abc import Mapping
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError

from adapters.queries.reading import read
from adapters.queries.rewriting import rewritten
from adapters.queries.running import QueryContext, Question
from domain.errors import Invalid


def read_question(message: Mapping[str, Any], asker: QueryContext) -> Question:
    """`message`: its `sql`, the `path` that a refusal names, the `schema` of the views, and the
    `secret` that their names end with."""

    def view(name: str) -> exp.Table:
        return exp.table_(view_name(name, message["secret"]), db=message["schema"], quoted=True)

    sql, path = message["sql"], message["path"]
    try:
        return rewritten(read(sql, path), asker, path, view, sqlite=message["sqlite"])
    except RecursionError:
        raise Invalid(path, "it is nested too deep") from None
    except SqlglotError:
        raise Invalid(path, "it cannot be said on this database") from None


def view_name(name: str, secret: str) -> str:
    return f"{name.replace('.', '_')}_{secret}"
