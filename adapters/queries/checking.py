"""What kind of value each part of a question is, by the rules of PostgreSQL: a number or a text, a
time or a date. What PostgreSQL would not take is refused, with what it says, on both databases; a
text of the question that stands beside a number is one from here on."""

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from adapters.queries import schema
from adapters.queries.fitting import Fitting
from adapters.queries.kinds import (
    BIGINT,
    BOOLEAN,
    MOMENT,
    NUMERIC,
    ROW,
    TEXT,
    UNKNOWN,
)
from adapters.queries.operations import Operations
from adapters.queries.schema import Column

OF_COLUMNS = {
    schema.INT: BIGINT,
    schema.COUNT: BIGINT,
    schema.NUMBER: NUMERIC,
    schema.TEXT: TEXT,
    schema.LIST: TEXT,
    schema.BOOL: BOOLEAN,
    schema.TIME: MOMENT,
}

Named = list[tuple[str, str]]
"""The columns of a table or a question, with their kinds."""
Sources = dict[str, Named]


class Kinds:
    """`of` says the kind of each part; `meant` what a text of the question is to be read as, or
    a date that stands beside a time."""

    def __init__(
        self, query: exp.Query, columns: Mapping[str, Mapping[str, Column]], path: str
    ) -> None:
        self._fit = Fitting(path)
        self._operations = Operations(self._fit)
        self._columns = {
            name: [(c.name, OF_COLUMNS[c.type]) for c in some.values()]
            for name, some in columns.items()
        }
        self.meant = self._fit.meant
        self.output = _settled(self._query(query, (), {}))

    def of(self, node: exp.Expr | None) -> str:
        return self._fit.of(node)

    def note(self, node: exp.Expr, kind: str) -> exp.Expr:
        """The kind of what was made in the place of a part."""
        self._fit.note(node, kind)
        return node

    # -- questions within questions

    def _query(self, node: exp.Expr, around: Sequence[Sources], ctes: Mapping[str, Named]) -> Named:
        with_ = node.args.get("with_")
        for cte in with_.expressions if with_ else ():
            made = _settled(self._query(cte.this, around, ctes))
            names = [column.name for column in cte.args["alias"].columns]
            made = [(name, kind) for name, (_, kind) in zip(names, made, strict=False)] or made
            ctes = {**ctes, cte.alias: made}
        if isinstance(node, exp.Subquery):
            found = self._query(node.this, around, ctes)
        elif isinstance(node, exp.SetOperation):
            found = self._union(node, around, ctes)
        else:
            return self._select(node, around, ctes)
        self._ordered(node, [dict(_result(found))], found)
        return found

    def _union(
        self, node: exp.SetOperation, around: Sequence[Sources], ctes: Mapping[str, Named]
    ) -> Named:
        left = self._query(node.this, around, ctes)
        right = self._query(node.expression, around, ctes)
        word = node.key.upper()
        if len(left) != len(right):
            self._fit.refuse(f"each {word} query must have the same number of columns")
        named = []
        for (name, kind), (_, other) in zip(left, right, strict=True):
            named.append((name, self._fit.common([kind, other], word)))
        for side in (node.this, node.expression):
            for place, (_, kind) in enumerate(named):
                self._read_output(side, place, kind)
        return named

    def _read_output(self, query: exp.Expr, place: int, kind: str) -> None:
        """A text, or a date, in a column that is of another kind in all."""
        while isinstance(query, exp.Subquery):
            query = query.this
        if isinstance(query, exp.SetOperation):
            self._read_output(query.this, place, kind)
            self._read_output(query.expression, place, kind)
        elif isinstance(query, exp.Select) and not query.is_star:
            self._fit.read_as(query.selects[place].unalias(), kind)

    def _select(
        self, node: exp.Expr, around: Sequence[Sources], ctes: Mapping[str, Named]
    ) -> Named:
        sources = self._sources(node, around, ctes)
        scope = (sources, *around)
        if where := node.args.get("where"):
            self._truth(where.this, scope, ctes, "WHERE")
        shown: Named = []
        for one in node.expressions:
            shown += self._shown(one, scope, ctes)
        results = dict(_result(shown))
        if group := node.args.get("group"):
            for one in group.expressions:
                self._kind(one, (sources, results, *around), ctes)
        if having := node.args.get("having"):
            self._truth(having.this, scope, ctes, "HAVING")
        self._ordered(node, (results, *scope), shown, ctes)
        return shown

    def _sources(
        self, node: exp.Expr, around: Sequence[Sources], ctes: Mapping[str, Named]
    ) -> Sources:
        """The tables that a SELECT is from, by the names that they have in it."""
        sources: Sources = {}
        from_, joins = node.args.get("from_"), node.args.get("joins") or []
        for part in [*([from_] if from_ else []), *joins]:
            self._source(part.this, sources, around, ctes)
        for join in joins:
            if on := join.args.get("on"):
                self._truth(on, (sources, *around), ctes, "JOIN/ON")
            for using in join.args.get("using") or ():
                sources.setdefault("", []).append((using.name, self._using(using.name, sources)))
        return sources

    def _ordered(
        self,
        node: exp.Expr,
        scope: Sequence[Sources],
        shown: Named,
        ctes: Mapping[str, Named] | None = None,
    ) -> None:
        order = node.args.get("order")
        for one in order.expressions if order else ():
            if isinstance(one.this, exp.Literal) and one.this.is_int:
                if not 1 <= int(one.this.name) <= len(shown):
                    self._fit.refuse(f"ORDER BY position {one.this.name} is not in select list")
                self._fit.note(one, UNKNOWN)
            else:
                self._fit.note(one, self._kind(one.this, scope, ctes or {}))

    def _source(
        self,
        node: exp.Expr,
        sources: Sources,
        around: Sequence[Sources],
        ctes: Mapping[str, Named],
    ) -> None:
        name = node.alias_or_name
        if name in sources:
            self._fit.refuse(f'table name "{name}" specified more than once')
        if isinstance(node, exp.Table):
            found = self._columns[f"{node.db}.{node.name}"] if node.db else ctes.get(node.name)
            if found is None:
                self._fit.refuse(f"there is no table {node.name} here")
            sources[name] = found
        else:
            sources[name or f" {len(sources)}"] = _settled(self._query(node, around, ctes))

    def _using(self, name: str, sources: Sources) -> str:
        found = [kind for columns in sources.values() for n, kind in columns if n == name]
        if not found:
            self._fit.refuse(f"there is no column {name}")
        return self._fit.common(found, "JOIN/USING")

    def _shown(self, node: exp.Expr, scope: Sequence[Sources], ctes: Mapping[str, Named]) -> Named:
        if isinstance(node, exp.Star):
            return [pair for name, some in scope[0].items() if name for pair in some]
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            return self._table(node.table, scope)
        kind = self._kind(node, scope, ctes)
        return [(node.alias_or_name, kind)]

    def _table(self, name: str, scope: Sequence[Sources]) -> Named:
        for sources in scope:
            if name in sources:
                return sources[name]
        return self._fit.refuse(f"there is no table {name} here")

    # -- values

    def _truth(
        self, node: exp.Expr, scope: Sequence[Sources], ctes: Mapping[str, Named], what: str
    ) -> None:
        kind = self._fit.read_as(node, BOOLEAN, self._kind(node, scope, ctes))
        if kind != BOOLEAN:
            self._fit.refuse(f"argument of {what} must be type boolean, not type {kind}")

    def _kind(self, node: exp.Expr, scope: Sequence[Sources], ctes: Mapping[str, Named]) -> str:
        found = self._of_column(node, scope) if isinstance(node, exp.Column) else None
        if found is None and isinstance(node, exp.Query | exp.Subquery):
            columns = _settled(self._query(node, scope, ctes))
            found = columns[0][1] if len(columns) == 1 else ROW
        if found is None:
            for part in parts_of(node):
                self._kind(part, scope, ctes)
            found = self._operations.kind(node)
        self._fit.note(node, found)
        return found

    def _of_column(self, node: exp.Column, scope: Sequence[Sources]) -> str:
        if isinstance(node.this, exp.Star):
            self._table(node.table, scope)
            return ROW
        if node.table:
            for name, kind in self._table(node.table, scope):
                if name == node.name:
                    return kind
            self._fit.refuse(f"there is no column {node.name} of {node.table}")
        for sources in scope:
            found = [k for n, k in sources.get("", ()) if n == node.name][:1] or [
                kind for columns in sources.values() for n, kind in columns if n == node.name
            ]
            if len(found) > 1:
                self._fit.refuse(f"ambiguous: which {node.name} is meant? Say its table before it")
            if found:
                return found[0]
        return self._fit.refuse(f"there is no column {node.name}")


def _settled(shown: Named) -> Named:
    """What is of no kind is a text, once it is the column of something."""
    return [(name, TEXT if kind == UNKNOWN else kind) for name, kind in shown]


def _result(shown: Named) -> Iterator[tuple[str, Named]]:
    """The names of what is shown, as what ORDER BY may name."""
    yield "", [(name, kind) for name, kind in dict(shown).items()]


def parts_of(node: exp.Expr) -> Iterator[exp.Expr]:
    for name, value in node.args.items():
        if name in ("alias", "to", "unit") or (name == "this" and isinstance(node, exp.Extract)):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, exp.Expr) and not isinstance(one, exp.Identifier | exp.Var):
                yield one
