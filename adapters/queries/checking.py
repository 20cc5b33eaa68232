"""What kind of value each part of a question is, by the rules of PostgreSQL: a number or a text, a
time or a date. What PostgreSQL would not take is refused, with what it says, on both databases; a
text of the question that stands beside a number is one from here on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NoReturn

from sqlglot import exp

from adapters.queries import schema
from adapters.queries.kinds import (
    BIGINT,
    BOOLEAN,
    DAY,
    DOUBLE,
    INTEGER,
    INTEGERS,
    JSON,
    LARGEST,
    MOMENT,
    NUMBERS,
    NUMERIC,
    ROW,
    SMALL,
    SPAN,
    TEXT,
    TIMES,
    UNKNOWN,
)
from adapters.queries.schema import Column
from domain.errors import Invalid

OF_COLUMNS = {
    schema.INT: BIGINT,
    schema.COUNT: BIGINT,
    schema.NUMBER: NUMERIC,
    schema.TEXT: TEXT,
    schema.LIST: TEXT,
    schema.BOOL: BOOLEAN,
    schema.TIME: MOMENT,
}
OF_TYPES = {
    exp.DType.SMALLINT: SMALL,
    exp.DType.INT: INTEGER,
    exp.DType.BIGINT: BIGINT,
    exp.DType.DECIMAL: NUMERIC,
    exp.DType.DOUBLE: DOUBLE,
    exp.DType.TEXT: TEXT,
    exp.DType.VARCHAR: TEXT,
    exp.DType.BOOLEAN: BOOLEAN,
    exp.DType.DATE: DAY,
    exp.DType.TIMESTAMP: MOMENT,
    exp.DType.TIMESTAMPTZ: MOMENT,
    exp.DType.INTERVAL: SPAN,
    exp.DType.JSON: JSON,
}
CASTS = {
    SMALL: (*NUMBERS, TEXT),
    INTEGER: (*NUMBERS, TEXT, BOOLEAN),
    BIGINT: (*NUMBERS, TEXT),
    NUMERIC: (*NUMBERS, TEXT),
    DOUBLE: (*NUMBERS, TEXT),
    TEXT: (*NUMBERS, TEXT, BOOLEAN, *TIMES, JSON),
    BOOLEAN: (INTEGER, TEXT, BOOLEAN),
    DAY: (TEXT, *TIMES),
    MOMENT: (TEXT, *TIMES),
    JSON: (TEXT, JSON),
    SPAN: (),
}
COMPARED: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
    exp.NullSafeEQ: "=", exp.NullSafeNEQ: "=",
}  # fmt: skip
SIGNS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
TRUTHS = (exp.Exists, exp.In, exp.Between, exp.Like, exp.ILike, exp.Is, exp.Not, exp.Boolean)

Named = list[tuple[str, str]]
"""The columns of a table or a question, with their kinds."""
Sources = dict[str, Named]


class Kinds:
    """`of` says the kind of each part; `meant` what a text of the question is to be read as, or
    a date that stands beside a time."""

    def __init__(
        self, query: exp.Query, columns: Mapping[str, Mapping[str, Column]], path: str
    ) -> None:
        self._path = path
        self._columns = {
            name: [(c.name, OF_COLUMNS[c.type]) for c in some.values()]
            for name, some in columns.items()
        }
        self._kinds: dict[int, str] = {}
        self.meant: dict[int, str] = {}
        self.output = _settled(self._query(query, (), {}))

    def of(self, node: exp.Expr | None) -> str:
        return self._kinds.get(id(node), UNKNOWN)

    def note(self, node: exp.Expr, kind: str) -> exp.Expr:
        """The kind of what was made in the place of a part."""
        self._kinds[id(node)] = kind
        return node

    def _refuse(self, message: str) -> NoReturn:
        raise Invalid(self._path, message)

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
            self._refuse(f"each {word} query must have the same number of columns")
        named = []
        for (name, kind), (_, other) in zip(left, right, strict=True):
            named.append((name, self._common([kind, other], word)))
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
            self._read_as(query.selects[place].unalias(), kind)

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
                    self._refuse(f"ORDER BY position {one.this.name} is not in select list")
                self._kinds[id(one)] = UNKNOWN
            else:
                self._kinds[id(one)] = self._kind(one.this, scope, ctes or {})

    def _source(
        self,
        node: exp.Expr,
        sources: Sources,
        around: Sequence[Sources],
        ctes: Mapping[str, Named],
    ) -> None:
        name = node.alias_or_name
        if name in sources:
            self._refuse(f'table name "{name}" specified more than once')
        if isinstance(node, exp.Table):
            found = self._columns[f"{node.db}.{node.name}"] if node.db else ctes.get(node.name)
            if found is None:
                self._refuse(f"there is no table {node.name} here")
            sources[name] = found
        else:
            sources[name or f" {len(sources)}"] = _settled(self._query(node, around, ctes))

    def _using(self, name: str, sources: Sources) -> str:
        found = [kind for columns in sources.values() for n, kind in columns if n == name]
        if not found:
            self._refuse(f"there is no column {name}")
        return self._common(found, "JOIN/USING")

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
        return self._refuse(f"there is no table {name} here")

    # -- values

    def _truth(
        self, node: exp.Expr, scope: Sequence[Sources], ctes: Mapping[str, Named], what: str
    ) -> None:
        kind = self._read_as(node, BOOLEAN, self._kind(node, scope, ctes))
        if kind != BOOLEAN:
            self._refuse(f"argument of {what} must be type boolean, not type {kind}")

    def _kind(self, node: exp.Expr, scope: Sequence[Sources], ctes: Mapping[str, Named]) -> str:
        found = self._of_column(node, scope) if isinstance(node, exp.Column) else None
        if found is None and isinstance(node, exp.Query | exp.Subquery):
            columns = _settled(self._query(node, scope, ctes))
            found = columns[0][1] if len(columns) == 1 else ROW
        if found is None:
            for part in parts_of(node):
                self._kind(part, scope, ctes)
            found = self._made(node)
        self._kinds[id(node)] = found
        return found

    def _of_column(self, node: exp.Column, scope: Sequence[Sources]) -> str:
        if isinstance(node.this, exp.Star):
            self._table(node.table, scope)
            return ROW
        if node.table:
            for name, kind in self._table(node.table, scope):
                if name == node.name:
                    return kind
            self._refuse(f"there is no column {node.name} of {node.table}")
        for sources in scope:
            found = [k for n, k in sources.get("", ()) if n == node.name][:1] or [
                kind for columns in sources.values() for n, kind in columns if n == node.name
            ]
            if len(found) > 1:
                self._refuse(f"ambiguous: which {node.name} is meant? Say its table before it")
            if found:
                return found[0]
        return self._refuse(f"there is no column {node.name}")

    def _made(self, node: exp.Expr) -> str:  # noqa: C901, PLR0911, PLR0912 - one case a word
        match node:
            case exp.Literal() if node.is_string:
                return UNKNOWN
            case exp.Literal():
                return _of_number(node.name)
            case exp.Null():
                return UNKNOWN
            case exp.And() | exp.Or():
                return self._truths(node, (node.this, node.expression), node.key.upper())
            case exp.Not():
                return self._truths(node, (node.this,), "NOT")
            case exp.Is():
                if isinstance(node.expression, exp.Boolean):
                    return self._truths(node, (node.this,), "IS")
                return BOOLEAN
            case exp.Like() | exp.ILike():
                self._need(TEXT, node.this, node.expression, name="~~")
            case exp.Between():
                self._compared(node.this, node.args["low"], ">=")
                self._compared(node.this, node.args["high"], "<=")
            case exp.In():
                for one in [*node.expressions, *filter(None, [node.args.get("query")])]:
                    self._compared(node.this, one, "=")
            case exp.Escape() | exp.Paren() | exp.Alias() | exp.Window() | exp.Filter():
                if isinstance(node, exp.Filter):
                    self._truths(node, (node.expression.this,), "FILTER")
                return self.of(node.this)
            case exp.Case():
                return self._case(node)
            case exp.Coalesce():
                return self._together([node.this, *node.expressions], "COALESCE")
            case exp.Nullif():
                self._compared(node.this, node.expression, "=")
                return self.of(node.this) if self.of(node.this) != UNKNOWN else TEXT
            case exp.DPipe():
                kinds = {self.of(node.this), self.of(node.expression)}
                if not kinds & {TEXT, UNKNOWN}:
                    self._refuse(self._no_operator(node.this, "||", node.expression))
                return TEXT
            case exp.Interval():
                return SPAN
            case exp.Neg():
                self._need_number(node.this, "-")
                return self.of(node.this)
            case exp.Cast():
                return self._cast(node)
            case exp.Func():
                return self._called(node)
        if type(node) in COMPARED:
            self._compared(node.this, node.expression, COMPARED[type(node)])
        elif type(node) in SIGNS:
            return self._reckoned(node)
        return BOOLEAN if isinstance(node, TRUTHS) or type(node) in COMPARED else UNKNOWN

    def _called(self, node: exp.Func) -> str:  # noqa: C901, PLR0911, PLR0912, PLR0915 - one case a function
        first, kind = node.this, self.of(node.this)
        name = node.sql_names()[0].lower()
        match node:
            case exp.Exists():
                return BOOLEAN
            case exp.Count() | exp.RowNumber() | exp.Rank() | exp.DenseRank():
                return BIGINT
            case exp.CurrentTimestamp():
                return MOMENT
            case exp.CurrentDate():
                return DAY
            case exp.Concat():
                return TEXT
            case exp.Sum() | exp.Avg():
                kind = self._of_all(node)
                if kind not in NUMBERS:
                    self._no_function(name, kind)
                if kind == DOUBLE:
                    return DOUBLE
                small = isinstance(node, exp.Sum) and kind in (SMALL, INTEGER)
                return BIGINT if small else NUMERIC
            case exp.Min() | exp.Max():
                kind = self._of_all(node)
                if kind in (BOOLEAN, JSON, ROW):
                    self._no_function(name, kind)
                return TEXT if kind == UNKNOWN else kind
            case exp.Lower() | exp.Upper() | exp.Trim() | exp.Length():
                self._need(TEXT, first, name=name)
                return INTEGER if isinstance(node, exp.Length) else TEXT
            case exp.Substring() | exp.Left():
                self._need(TEXT, first, name=name)
                for one in ("start", "length", "expression"):
                    if number := node.args.get(one):
                        self._need_whole(number, name)
                return TEXT
            case exp.StrPosition():
                self._need(TEXT, first, node.args["substr"], name="strpos")
                return INTEGER
            case exp.Abs():
                self._need_number(first, name)
                return self.of(first)
            case exp.Round() if digits := node.args.get("decimals"):
                self._need_whole(digits, name)
                self._need_number(first, name)
                if self.of(first) == DOUBLE:
                    self._refuse("function round(double precision, integer) does not exist")
                return NUMERIC
            case exp.Round() | exp.Floor() | exp.Ceil():
                self._need_number(first, name)
                return NUMERIC if self.of(first) == NUMERIC else DOUBLE
            case exp.Extract():
                self._need_time(node.expression, "extract")
                if self.of(node.expression) == DAY and node.name.lower() in OF_CLOCKS:
                    self._refuse(f'unit "{node.name.lower()}" not supported for type date')
                return NUMERIC
            case exp.TimestampTrunc():
                self._need_time(first, "date_trunc")
                return MOMENT
            case exp.Date():
                if kind not in (TEXT, UNKNOWN, *TIMES):
                    self._no_function("date", kind)
                return DAY
            case exp.ToChar():
                self._need(TEXT, node.args["format"], name="to_char")
                if kind not in (*NUMBERS, *TIMES):
                    self._no_function("to_char", kind)
                if kind == DAY:
                    self.meant[id(first)] = MOMENT
                return TEXT
            case exp.JSONExtract() | exp.JSONExtractScalar():
                if kind != JSON:
                    sign = "->>" if isinstance(node, exp.JSONExtractScalar) else "->"
                    self._refuse(f"operator does not exist: {kind} {sign} unknown")
                return TEXT if isinstance(node, exp.JSONExtractScalar) else JSON
        return UNKNOWN

    def _of_all(self, node: exp.Func) -> str:
        """Of what an aggregate is made of, each or every different one."""
        inner = node.this
        return self.of(inner.expressions[0] if isinstance(inner, exp.Distinct) else inner)

    def _case(self, node: exp.Case) -> str:
        ifs, value = node.args["ifs"], node.args.get("this")
        for one in ifs:
            if value:
                self._compared(value, one.this, "=")
            else:
                self._truths(one, (one.this,), "CASE/WHEN")
        results = [one.args["true"] for one in ifs]
        otherwise = node.args.get("default")
        return self._together([*results, *([otherwise] if otherwise else [])], "CASE")

    def _cast(self, node: exp.Cast) -> str:
        kind, to = self.of(node.this), OF_TYPES[node.to.this]
        if to != SPAN and isinstance(node.this, exp.Literal) and node.this.is_string:
            self.meant[id(node.this)] = to
        elif kind not in (UNKNOWN, *CASTS[to]):
            self._refuse(f"cannot cast type {kind} to {to}")
        return to

    def _reckoned(self, node: exp.Expr) -> str:
        one, two, sign = node.this, node.expression, SIGNS[type(node)]
        left, right = self.of(one), self.of(two)
        if sign in "+-" and SPAN in (left, right):
            if left in TIMES or (right in TIMES and sign == "+"):
                return MOMENT
            if {left, right} == {SPAN}:
                self._refuse("an interval is for what is added to a time")
        if sign in "+-" and {left, right} & set(TIMES):
            return self._moved(node, left, right)
        if left == right == UNKNOWN:
            self._refuse(f"operator is not unique: unknown {sign} unknown")
        if left == UNKNOWN:
            left = self._read_as(one, right)
        if right == UNKNOWN:
            right = self._read_as(two, left)
        if left not in NUMBERS or right not in NUMBERS or (sign == "%" and DOUBLE in (left, right)):
            self._refuse(self._no_operator(one, sign, two))
        return max(left, right, key=NUMBERS.index)

    def _moved(self, node: exp.Expr, left: str, right: str) -> str:
        minus = isinstance(node, exp.Sub)
        if left == DAY and minus and right in (DAY, UNKNOWN):
            self._read_as(node.expression, DAY)
            return INTEGER
        if left == UNKNOWN and minus and right == DAY:
            self._read_as(node.this, DAY)
            return INTEGER
        if (left == DAY and right in INTEGERS) or (right == DAY and left in INTEGERS and not minus):
            return DAY
        if left in TIMES and right in TIMES:
            self._refuse("times are compared or moved, not subtracted")
        return self._refuse("a time is moved by an interval, such as interval '7 days'")

    # -- what fits together

    def _read_as(self, node: exp.Expr, kind: str, own: str | None = None) -> str:
        """The kind that it has in the end: a text of the question is what it is needed as."""
        own = self.of(node) if own is None else own
        while isinstance(node, exp.Paren):
            node = node.this
        if own == UNKNOWN:
            if isinstance(node, exp.Literal):
                self.meant[id(node)] = kind
            self._kinds[id(node)] = kind
            return kind
        if own == DAY and kind == MOMENT:
            self.meant[id(node)] = MOMENT
        return own

    def _common(self, kinds: Iterable[str], what: str) -> str:
        """The kind that values of several kinds have together."""
        known = [kind for kind in dict.fromkeys(kinds) if kind != UNKNOWN]
        if not known:
            return TEXT
        for group in (NUMBERS, TIMES):
            if set(known) <= set(group):
                return max(known, key=group.index)
        if len(known) > 1:
            self._refuse(f"{what} types {known[0]} and {known[1]} cannot be matched")
        return known[0]

    def _together(self, nodes: Sequence[exp.Expr], what: str) -> str:
        kind = self._common(map(self.of, nodes), what)
        for node in nodes:
            self._read_as(node, kind)
        return kind

    def _compared(self, one: exp.Expr, two: exp.Expr, sign: str) -> None:
        left, right = self.of(one), self.of(two)
        if isinstance(two, exp.Tuple) or isinstance(one, exp.Tuple):
            self._refuse("pairs are not compared")
        if SPAN in (left, right):
            self._refuse("an interval is for what is added to a time")
        if left == UNKNOWN and right == UNKNOWN:
            left = right = TEXT
        kind = right if left == UNKNOWN else left if right == UNKNOWN else None
        if kind is None:
            both = {left, right}
            alike = len(both) == 1 or both <= set(NUMBERS) or both <= set(TIMES)
            if not alike or both & {JSON, ROW}:
                self._refuse(self._no_operator(one, sign, two))
            kind = MOMENT if both == set(TIMES) else left
        elif kind in (JSON, ROW):
            self._refuse(self._no_operator(one, sign, two))
        self._read_as(one, kind)
        self._read_as(two, kind)

    def _truths(self, node: exp.Expr, parts: Sequence[exp.Expr], what: str) -> str:
        for part in parts:
            if self._read_as(part, BOOLEAN) != BOOLEAN:
                kind = self.of(part)
                self._refuse(f"argument of {what} must be type boolean, not type {kind}")
        self._kinds[id(node)] = BOOLEAN
        return BOOLEAN

    def _need(self, kind: str, *nodes: exp.Expr, name: str) -> None:
        for node in nodes:
            if self._read_as(node, kind) != kind:
                self._no_function(name, self.of(node))

    def _need_number(self, node: exp.Expr, name: str) -> None:
        if self._read_as(node, DOUBLE) not in NUMBERS:
            self._no_function(name, self.of(node))

    def _need_whole(self, node: exp.Expr, name: str) -> None:
        if self._read_as(node, INTEGER) not in INTEGERS:
            self._no_function(name, self.of(node))

    def _need_time(self, node: exp.Expr, name: str) -> None:
        if self._read_as(node, MOMENT) not in TIMES:
            self._no_function(name, self.of(node))

    def _no_function(self, name: str, kind: str) -> NoReturn:
        self._refuse(f"function {name}({kind}) does not exist")

    def _no_operator(self, one: exp.Expr, sign: str, two: exp.Expr) -> str:
        return f"operator does not exist: {self.of(one)} {sign} {self.of(two)}"


def _settled(shown: Named) -> Named:
    """What is of no kind is a text, once it is the column of something."""
    return [(name, TEXT if kind == UNKNOWN else kind) for name, kind in shown]


OF_CLOCKS = ("hour", "minute", "second")


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


def _of_number(text: str) -> str:
    if not text.isdigit():
        return NUMERIC
    value = int(text)
    return INTEGER if value <= LARGEST[INTEGER] else BIGINT if value <= LARGEST[BIGINT] else NUMERIC
