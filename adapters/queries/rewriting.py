"""The same question in the words of the database: its tables are the views of one account, and
times and texts mean the same on both databases."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from adapters.queries.checking import Kinds
from adapters.queries.dialects import OnPostgres, OnSqlite
from adapters.queries.grouping import require_groups
from adapters.queries.kinds import BOOLEAN, JSON
from adapters.queries.running import APART, QueryContext, Question
from adapters.queries.schema import FOR_SELLERS, TABLES, Ambiguous, Column, Table
from adapters.queries.wording import SemanticsRewriter, number
from domain.errors import Invalid


def rewritten(
    query: exp.Query,
    asker: QueryContext,
    path: str,
    name_of: Callable[[str], exp.Table],
    *,
    sqlite: bool,
) -> Question:
    """`name_of` gives the view of a table of the schema. Changes the tree."""
    tables = _tables(query, asker, path)
    apart = _told_apart(asker, tables.values())
    _tell_apart(query, apart)
    _name_projections(query)
    columns = _columns(query, tables, asker, path, apart)
    kinds = Kinds(query, columns, path)
    require_groups(query, path)
    booleans = frozenset(n.partition(APART)[0] for n, kind in kinds.output if kind == BOOLEAN)
    jsons = frozenset(n.partition(APART)[0] for n, kind in kinds.output if kind == JSON)
    _place(query, name_of)
    _keep_apart(query, sqlite=sqlite)
    SemanticsRewriter(query, kinds, asker.clock, path, sqlite=sqlite).apply()
    dialect = OnSqlite if sqlite else OnPostgres
    said = query.sql(dialect, identify=True, comments=False, unsupported_level=ErrorLevel.IMMEDIATE)
    return Question(
        said,
        {name: (table, tuple(columns[name].values())) for name, table in tables.items()},
        booleans,
        jsons,
    )


def _tables(query: exp.Query, asker: QueryContext, path: str) -> dict[str, Table]:
    ctes = {cte.alias for cte in query.find_all(exp.CTE)}
    found: dict[str, Table] = {}
    for node in query.find_all(exp.Table):
        name = f"{node.db}.{node.name}" if node.db else node.name
        if not node.db and name in ctes:
            continue
        if name not in TABLES:
            message = f"there is no table {name}: expected {', '.join(TABLES)}"
            raise Invalid(path, message)
        if name in FOR_SELLERS and not asker.sells:
            raise Invalid(path, f"{name} is for keys that may sell")
        found[name] = TABLES[name]
    return found


def _told_apart(asker: QueryContext, tables: Iterable[Table]) -> dict[str, str]:
    """SQLite takes names that differ in case for one: there such ones end with a number, behind a
    blank, which no name has that is asked for."""
    names = {name for table in tables for name in asker.of(table)}
    apart: dict[str, list[str]] = {}
    for name in sorted(names):
        apart.setdefault(name.lower(), []).append(name)
    return {
        name: f"{name}{APART}{place}"
        for alike in apart.values()
        if len(alike) > 1
        for place, name in enumerate(alike, 1)
    }


def _tell_apart(query: exp.Query, apart: Mapping[str, str]) -> None:
    for node in query.find_all(exp.Identifier) if apart else ():
        node.set("this", apart.get(node.name, node.name))


def _name_projections(query: exp.Query) -> None:
    """Columns without a name have PostgreSQL's, on both databases."""
    for select in query.find_all(exp.Select):
        named: list[exp.Expr] = []
        for place, shown in enumerate(select.expressions, 1):
            if isinstance(shown, exp.Alias | exp.Column | exp.Star):
                named.append(shown)
            else:
                name = _name(shown) or f"column{place}"
                named.append(exp.alias_(shown, name, quoted=True, copy=False))
        select.set("expressions", named)


def _name(shown: exp.Expr) -> str | None:
    if isinstance(shown, exp.Cast) and isinstance(shown.this, exp.Column):
        return shown.this.name
    if isinstance(shown, exp.CurrentTimestamp):
        return "now"
    if isinstance(shown, exp.Window | exp.Filter):
        return _name(shown.this)
    if isinstance(shown, exp.Func) and not isinstance(shown, exp.Cast | exp.Connector):
        return shown.sql_names()[0].lower()
    return None


def _columns(
    query: exp.Query,
    tables: Mapping[str, Table],
    asker: QueryContext,
    path: str,
    apart: Mapping[str, str],
) -> dict[str, dict[str, Column]]:
    """The columns of each table that the question may mean."""
    made = {alias.alias for alias in query.find_all(exp.Alias)}
    for alias in query.find_all(exp.TableAlias):
        made.update(column.name for column in alias.columns)
    named: dict[str, None] = {}
    for node in query.find_all(exp.Column):
        if not isinstance(node.this, exp.Star):
            named[node.name] = None
    for join in query.find_all(exp.Join):
        named.update((using.name, None) for using in join.args.get("using") or ())
    every = any(not isinstance(star.parent, exp.Count) for star in query.find_all(exp.Star))
    found: dict[str, dict[str, Column]] = {}
    for key, table in tables.items():
        customs = {
            apart.get(name, name): replace(column, name=apart.get(name, name))
            for name, column in asker.of(table).items()
        }
        hidden = frozenset[str]() if asker.sells else table.personal
        if refused := hidden.intersection(named):
            raise Invalid(path, f"{min(refused)} of {key} is for keys that may sell")
        shown = table.every(asker.language, customs) if every else ()
        names = [*(name for name in shown if name not in hidden), *named]
        try:
            held = {n: table.column(n, asker.language, customs) for n in names}
        except Ambiguous as alike:
            said = " or ".join(f'"{name}"' for name in alike.args[0])
            raise Invalid(path, f"expected {said}, in quotes") from None
        found[key] = {n: column for n, column in held.items() if column} or {
            "id": next(iter(table.columns.values()))
        }
    for name in named:
        if name not in made and not any(name in held for held in found.values()):
            raise Invalid(path, f"there is no column {name}")
    return found


def _place(query: exp.Query, name_of: Callable[[str], exp.Table]) -> None:
    """Tables are views, each with the name it had; names of WITH cannot be those of anything."""
    for node in list(query.find_all(exp.Table)):
        alias = node.alias or node.name
        if node.db:
            view = name_of(f"{node.db}.{node.name}")
        else:
            view = exp.Table(this=exp.to_identifier(f"with {node.name}", quoted=True))
        view.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
        node.replace(view)
    for cte in query.find_all(exp.CTE):
        cte.args["alias"].set("this", exp.to_identifier(f"with {cte.alias}", quoted=True))
    for column in query.find_all(exp.Column):
        column.set("db", None)


def _keep_apart(query: exp.Query, *, sqlite: bool) -> None:
    """Questions inside are answered for themselves. A planner that writes them into the one around
    doubles what is used twice, level by level, until the memory is gone."""
    for inner in [*query.find_all(exp.Subquery), *query.find_all(exp.CTE)]:
        body = inner.this
        if isinstance(body, exp.Select | exp.SetOperation):
            if sqlite and not body.args.get("limit"):
                body.set("limit", exp.Limit(expression=number(-1)))
            if not body.args.get("offset"):
                body.set("offset", exp.Offset(expression=number(0)))
