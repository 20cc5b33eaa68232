"""The kind of value that an operator, a function or a CASE gives, by the rules of PostgreSQL."""

from sqlglot import exp

from adapters.queries.fitting import Fitting
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
OF_CLOCKS = ("hour", "minute", "second")


class Operations:
    """What is made of values whose kinds are known."""

    def __init__(self, fitting: Fitting) -> None:
        self._fit = fitting

    def kind(self, node: exp.Expr) -> str:  # noqa: C901, PLR0911, PLR0912 - one case a word
        match node:
            case exp.Literal() if node.is_string:
                return UNKNOWN
            case exp.Literal():
                return _of_number(node.name)
            case exp.Null():
                return UNKNOWN
            case exp.And() | exp.Or():
                return self._fit.truths(node, (node.this, node.expression), node.key.upper())
            case exp.Not():
                return self._fit.truths(node, (node.this,), "NOT")
            case exp.Is():
                if isinstance(node.expression, exp.Boolean):
                    return self._fit.truths(node, (node.this,), "IS")
                return BOOLEAN
            case exp.Like() | exp.ILike():
                self._fit.need(TEXT, node.this, node.expression, name="~~")
            case exp.Between():
                self._fit.compared(node.this, node.args["low"], ">=")
                self._fit.compared(node.this, node.args["high"], "<=")
            case exp.In():
                for one in [*node.expressions, *filter(None, [node.args.get("query")])]:
                    self._fit.compared(node.this, one, "=")
            case exp.Escape() | exp.Paren() | exp.Alias() | exp.Window() | exp.Filter():
                if isinstance(node, exp.Filter):
                    self._fit.truths(node, (node.expression.this,), "FILTER")
                return self._fit.of(node.this)
            case exp.Case():
                return self._case(node)
            case exp.Coalesce():
                return self._fit.together([node.this, *node.expressions], "COALESCE")
            case exp.Nullif():
                self._fit.compared(node.this, node.expression, "=")
                return self._fit.of(node.this) if self._fit.of(node.this) != UNKNOWN else TEXT
            case exp.DPipe():
                kinds = {self._fit.of(node.this), self._fit.of(node.expression)}
                if not kinds & {TEXT, UNKNOWN}:
                    self._fit.refuse(self._fit.no_operator(node.this, "||", node.expression))
                return TEXT
            case exp.Interval():
                return SPAN
            case exp.Neg():
                self._fit.need_number(node.this, "-")
                return self._fit.of(node.this)
            case exp.Cast():
                return self._cast(node)
            case exp.Func():
                return self._called(node)
        if type(node) in COMPARED:
            self._fit.compared(node.this, node.expression, COMPARED[type(node)])
        elif type(node) in SIGNS:
            return self._reckoned(node)
        return BOOLEAN if isinstance(node, TRUTHS) or type(node) in COMPARED else UNKNOWN

    def _called(self, node: exp.Func) -> str:  # noqa: C901, PLR0911, PLR0912, PLR0915 - one case a function
        first, kind = node.this, self._fit.of(node.this)
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
                    self._fit.no_function(name, kind)
                if kind == DOUBLE:
                    return DOUBLE
                small = isinstance(node, exp.Sum) and kind in (SMALL, INTEGER)
                return BIGINT if small else NUMERIC
            case exp.Min() | exp.Max():
                kind = self._of_all(node)
                if kind in (BOOLEAN, JSON, ROW):
                    self._fit.no_function(name, kind)
                return TEXT if kind == UNKNOWN else kind
            case exp.Lower() | exp.Upper() | exp.Trim() | exp.Length():
                self._fit.need(TEXT, first, name=name)
                return INTEGER if isinstance(node, exp.Length) else TEXT
            case exp.Substring() | exp.Left():
                self._fit.need(TEXT, first, name=name)
                for one in ("start", "length", "expression"):
                    if number := node.args.get(one):
                        self._fit.need_whole(number, name)
                return TEXT
            case exp.StrPosition():
                self._fit.need(TEXT, first, node.args["substr"], name="strpos")
                return INTEGER
            case exp.Abs():
                self._fit.need_number(first, name)
                return self._fit.of(first)
            case exp.Round() if digits := node.args.get("decimals"):
                self._fit.need_whole(digits, name)
                self._fit.need_number(first, name)
                if self._fit.of(first) == DOUBLE:
                    self._fit.refuse("function round(double precision, integer) does not exist")
                return NUMERIC
            case exp.Round() | exp.Floor() | exp.Ceil():
                self._fit.need_number(first, name)
                return NUMERIC if self._fit.of(first) == NUMERIC else DOUBLE
            case exp.Extract():
                self._fit.need_time(node.expression, "extract")
                if self._fit.of(node.expression) == DAY and node.name.lower() in OF_CLOCKS:
                    self._fit.refuse(f'unit "{node.name.lower()}" not supported for type date')
                return NUMERIC
            case exp.TimestampTrunc():
                self._fit.need_time(first, "date_trunc")
                return MOMENT
            case exp.Date():
                if kind not in (TEXT, UNKNOWN, *TIMES):
                    self._fit.no_function("date", kind)
                return DAY
            case exp.ToChar():
                self._fit.need(TEXT, node.args["format"], name="to_char")
                if kind not in (*NUMBERS, *TIMES):
                    self._fit.no_function("to_char", kind)
                if kind == DAY:
                    self._fit.meant[id(first)] = MOMENT
                return TEXT
            case exp.JSONExtract() | exp.JSONExtractScalar():
                if kind != JSON:
                    sign = "->>" if isinstance(node, exp.JSONExtractScalar) else "->"
                    self._fit.refuse(f"operator does not exist: {kind} {sign} unknown")
                return TEXT if isinstance(node, exp.JSONExtractScalar) else JSON
        return UNKNOWN

    def _of_all(self, node: exp.Func) -> str:
        """Of what an aggregate is made of, each or every different one."""
        inner = node.this
        return self._fit.of(inner.expressions[0] if isinstance(inner, exp.Distinct) else inner)

    def _case(self, node: exp.Case) -> str:
        ifs, value = node.args["ifs"], node.args.get("this")
        for one in ifs:
            if value:
                self._fit.compared(value, one.this, "=")
            else:
                self._fit.truths(one, (one.this,), "CASE/WHEN")
        results = [one.args["true"] for one in ifs]
        otherwise = node.args.get("default")
        return self._fit.together([*results, *([otherwise] if otherwise else [])], "CASE")

    def _cast(self, node: exp.Cast) -> str:
        kind, to = self._fit.of(node.this), OF_TYPES[node.to.this]
        if to != SPAN and isinstance(node.this, exp.Literal) and node.this.is_string:
            self._fit.meant[id(node.this)] = to
        elif kind not in (UNKNOWN, *CASTS[to]):
            self._fit.refuse(f"cannot cast type {kind} to {to}")
        return to

    def _reckoned(self, node: exp.Expr) -> str:
        one, two, sign = node.this, node.expression, SIGNS[type(node)]
        left, right = self._fit.of(one), self._fit.of(two)
        if sign in "+-" and SPAN in (left, right):
            if left in TIMES or (right in TIMES and sign == "+"):
                return MOMENT
            if {left, right} == {SPAN}:
                self._fit.refuse("an interval is for what is added to a time")
        if sign in "+-" and {left, right} & set(TIMES):
            return self._moved(node, left, right)
        if left == right == UNKNOWN:
            self._fit.refuse(f"operator is not unique: unknown {sign} unknown")
        if left == UNKNOWN:
            left = self._fit.read_as(one, right)
        if right == UNKNOWN:
            right = self._fit.read_as(two, left)
        if left not in NUMBERS or right not in NUMBERS or (sign == "%" and DOUBLE in (left, right)):
            self._fit.refuse(self._fit.no_operator(one, sign, two))
        return max(left, right, key=NUMBERS.index)

    def _moved(self, node: exp.Expr, left: str, right: str) -> str:
        minus = isinstance(node, exp.Sub)
        if left == DAY and minus and right in (DAY, UNKNOWN):
            self._fit.read_as(node.expression, DAY)
            return INTEGER
        if left == UNKNOWN and minus and right == DAY:
            self._fit.read_as(node.this, DAY)
            return INTEGER
        if (left == DAY and right in INTEGERS) or (right == DAY and left in INTEGERS and not minus):
            return DAY
        if left in TIMES and right in TIMES:
            self._fit.refuse("times are compared or moved, not subtracted")
        return self._fit.refuse("a time is moved by an interval, such as interval '7 days'")


def _of_number(text: str) -> str:
    if not text.isdigit():
        return NUMERIC
    value = int(text)
    return INTEGER if value <= LARGEST[INTEGER] else BIGINT if value <= LARGEST[BIGINT] else NUMERIC
