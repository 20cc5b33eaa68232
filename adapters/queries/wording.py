"""What a question says, in words that mean the same on both databases: times, texts, truths."""

from collections.abc import Mapping

from sqlglot import exp

from adapters.queries.running import LONG_PATTERN, LONG_TEXT, LONGEST, MAX_PATTERN
from adapters.queries.schema import TIME, Column
from adapters.queries.times import Clock, Span, span
from domain.errors import Invalid

MOMENT, DAY = "time", "date"
TOGETHER = 50
"""Texts that are put together before they are shortened."""
ALIKE = (exp.Min, exp.Max, exp.Paren, exp.Coalesce, exp.Nullif, exp.Alias)
MOMENTS = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ)
TRUE, FALSE = ("t", "true", "y", "yes", "on", "1"), ("f", "false", "n", "no", "off", "0")


class Wording:
    """Goes through the tree from its leaves, and knows of each part whether it is a time."""

    def __init__(
        self,
        query: exp.Query,
        columns: Mapping[str, Mapping[str, Column]],
        clock: Clock,
        path: str,
        *,
        sqlite: bool,
    ) -> None:
        self._query, self._clock, self._path, self._sqlite = query, clock, path, sqlite
        self._times = {
            n: MOMENT for one in columns.values() for n, c in one.items() if c.type == TIME
        }
        self._kinds: dict[int, str | None] = {}

    def apply(self) -> None:
        nodes = list(self._query.walk(bfs=False))[::-1]
        for _ in range(2):  # a name that is made further in may be used further out
            for node in nodes:
                kind = self._kinds[id(node)] = self._kind(node)
                if kind and isinstance(node, exp.Alias):
                    self._times.setdefault(node.alias, kind)
        for node in nodes:
            around, name, place = node.parent, node.arg_key, node.index
            made = self._said(node)
            if made is not node:
                self._kinds[id(made)] = self._kinds[id(node)]
                if around is not None and name:  # what is made may be around the node now
                    around.set(name, made, place)

    def _of(self, node: exp.Expr | None) -> str | None:
        return self._kinds.get(id(node))

    def _kind(self, node: exp.Expr) -> str | None:  # noqa: PLR0911 - one case a word
        match node:
            case exp.Column():
                return self._times.get(node.name)
            case exp.CurrentTimestamp() | exp.TimestampTrunc():
                return MOMENT
            case exp.CurrentDate() | exp.Date():
                return DAY
            case exp.Cast():
                kind = node.to.this
                return MOMENT if kind in MOMENTS else DAY if kind == exp.DType.DATE else None
            case exp.Add() | exp.Sub():
                return self._moved(node)
            case exp.Case():
                return next(
                    (k for k in map(self._of, [i.args["true"] for i in node.args["ifs"]]) if k),
                    None,
                )
            case exp.Subquery() | exp.Select():
                shown = node.selects
                return self._of(shown[0]) if len(shown) == 1 else None
            case exp.Coalesce():
                return next((k for k in map(self._of, [node.this, *node.expressions]) if k), None)
        return self._of(node.this) if isinstance(node, ALIKE) else None

    def _moved(self, node: exp.Add | exp.Sub) -> str | None:
        if self._is_span(node.expression) or self._is_span(node.this):
            return MOMENT
        return DAY if DAY in (self._of(node.this), self._of(node.expression)) else None

    @staticmethod
    def _is_span(node: exp.Expr) -> bool:
        cast = isinstance(node, exp.Cast) and node.to.this == exp.DType.INTERVAL
        return cast or isinstance(node, exp.Interval)

    # -- saying it

    def _said(self, node: exp.Expr) -> exp.Expr:  # noqa: C901, PLR0911, PLR0912 - one case a word
        match node:
            case exp.Interval() | exp.Cast() if self._is_span(node):
                if not isinstance(node.parent, exp.Add | exp.Sub):
                    raise Invalid(self._path, "an interval is for what is added to a time")
            case exp.Add() | exp.Sub():
                return self._add(node)
            case exp.EQ() | exp.NEQ() | exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
                self._fit(node, "this", "expression")
            case exp.NullSafeEQ() | exp.NullSafeNEQ():
                self._fit(node, "this", "expression")
            case exp.Between():
                self._fit(node, "this", "low", "high")
            case exp.In() if kind := self._of(node.this):
                listed = [self._fitted(one, kind) for one in node.expressions]
                node.set("expressions", listed)
            case exp.Coalesce() if kind := self._of(node):
                node.set("this", self._fitted(node.this, kind))
                listed = [self._fitted(one, kind) for one in node.expressions]
                node.set("expressions", listed)
            case exp.Cast():
                return self._cast(node)
            case exp.Date():
                return self._day(node.this)
            case exp.Concat():
                return self._concat(node)
            case exp.DPipe():
                return self._chain(node)
            case exp.CurrentTimestamp():
                return self._moment_of(self._clock.now())
            case exp.CurrentDate():
                return self._day_of(self._clock.today())
            case exp.Extract():
                return self._part(node)
            case exp.TimestampTrunc():
                return self._trunc(node)
            case exp.StrPosition():
                return self._found(node)
            case exp.Like() | exp.ILike() if self._within(node):
                pass
            case exp.Like() if self._sqlite and not isinstance(node.parent, exp.Escape):
                return exp.Escape(this=node, expression=exp.Literal.string("\\"))
            case exp.ILike() if self._sqlite:
                return self._ilike(node)
            case exp.Left() if self._sqlite:
                one = exp.Literal.number(1)
                return exp.Substring(this=node.this, start=one, length=node.expression)
        return node

    def _fit(self, node: exp.Expr, *names: str) -> None:
        kinds = {self._of(node.args[name]) for name in names}
        kind = MOMENT if MOMENT in kinds else DAY if DAY in kinds else None
        if kind:
            for name in names:
                node.set(name, self._fitted(node.args[name], kind))

    def _fitted(self, node: exp.Expr, kind: str) -> exp.Expr:
        """The same, comparable with a time or a date."""
        if isinstance(node, exp.Literal) and node.is_string:
            return self._moment(node) if kind == MOMENT else self._day(node)
        if kind == MOMENT and self._of(node) == DAY:
            return self._moment(node)
        return node

    def _moment(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Literal) and node.is_string:
            return self._moment_of(self._checked(node.name))
        made = _call("sb_time", node) if self._sqlite else exp.cast(node, "timestamptz")
        self._kinds[id(made)] = MOMENT
        return made

    def _day(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Literal) and node.is_string:
            return self._day_of(str(self._clock.to_date(self._checked(node.name))))
        made = _call("sb_date", node) if self._sqlite else exp.cast(node, "date")
        self._kinds[id(made)] = DAY
        return made

    def _checked(self, text: str) -> str:
        try:
            return str(self._clock.to_time(text))
        except (ValueError, OverflowError):
            message = "expected times such as '2026-11-21T20:00:00+01:00' or '2026-11-21'"
            raise Invalid(self._path, message) from None

    def _moment_of(self, kept: str) -> exp.Expr:
        """From here on it is UTC that is said."""
        if self._sqlite:
            return exp.Literal.string(kept)
        return exp.cast(exp.Literal.string(f"{kept}+00"), "timestamptz")

    def _day_of(self, text: str) -> exp.Expr:
        said = exp.Literal.string(text)
        return said if self._sqlite else exp.cast(said, "date")

    def _span(self, node: exp.Expr) -> Span:
        unit = node.args.get("unit")
        text = node.this.name + (f" {unit.name}" if unit else "")
        try:
            return span(text)
        except ValueError as error:
            raise Invalid(self._path, str(error)) from None

    def _add(self, node: exp.Add | exp.Sub) -> exp.Expr:
        time, other = node.this, node.expression
        if self._is_span(time) and isinstance(node, exp.Add):
            time, other = other, time
        sign = 1 if isinstance(node, exp.Add) else -1
        if self._is_span(other):
            length = self._span(other)
            if isinstance(time, exp.Literal) and time.is_string:
                time = self._moment(time)
            if not self._sqlite:
                said = exp.cast(exp.Literal.string(length.text()), "interval")
                return type(node)(this=time, expression=said)
            moved = (sign * length.months, sign * length.days, sign * length.seconds)
            return _call("sb_shift", time, *map(number, moved))
        if self._is_span(time) or (self._of(time) and self._of(other)):
            raise Invalid(self._path, "times are compared or moved, not subtracted")
        if self._of(time) == MOMENT or self._of(other):
            raise Invalid(self._path, "a time is moved by an interval, such as interval '7 days'")
        if self._of(time) == DAY and self._sqlite:
            if not isinstance(other, exp.Literal) or other.is_string or not other.name.isdigit():
                raise Invalid(self._path, "a date is moved by a whole number of days")
            moved_day = _call("sb_shift", time, *map(number, (0, sign * int(other.name), 0)))
            return _call("sb_date", moved_day)
        return node

    def _cast(self, node: exp.Cast) -> exp.Expr:
        kind, held = node.to.this, node.this
        if kind in MOMENTS:
            return self._moment(held)
        if kind == exp.DType.DATE:
            return self._day(held)
        if kind == exp.DType.BOOLEAN and isinstance(held, exp.Literal) and held.is_string:
            said = held.name.strip().lower()
            if said not in TRUE + FALSE:
                raise Invalid(self._path, "expected 'true' or 'false'")
            return exp.Boolean(this=said in TRUE)
        return node

    def _concat(self, node: exp.Concat) -> exp.Expr:
        """What is null is left out."""
        if self._sqlite:
            return _call("sb_concat", *node.expressions)
        return self._joined(
            [
                exp.Coalesce(this=exp.cast(part, "text"), expressions=[exp.Literal.string("")])
                for part in node.expressions
            ]
        )

    def _chain(self, node: exp.DPipe) -> exp.Expr:
        """`a || b || c` is one chain: only its top says what it is."""
        if isinstance(node.parent, exp.DPipe) and node.arg_key == "this":
            return node
        parts: list[exp.Expr] = []
        rest: exp.Expr = node
        while isinstance(rest, exp.DPipe):
            parts.append(rest.expression)
            rest = rest.this
        return self._joined([rest, *reversed(parts)])

    def _joined(self, parts: list[exp.Expr]) -> exp.Expr:
        """Shortened every few parts, so that it never becomes the memory."""
        whole, rest = parts[0], parts[1:]
        while rest:
            some, rest = rest[:TOGETHER], rest[TOGETHER:]
            if self._sqlite:
                whole = _call("sb_join", whole, *some)
                continue
            for part in some:
                whole = exp.DPipe(this=whole, expression=part, safe=True)
            whole = exp.Substring(this=whole, start=number(1), length=number(LONGEST))
        return whole

    def _found(self, node: exp.StrPosition) -> exp.Expr:
        if self._sqlite:
            self._short(node.args["substr"], LONG_PATTERN, MAX_PATTERN)
            return _call("sb_find", node.this, node.args["substr"])
        node.set("this", self._short(node.this, LONG_TEXT, LONGEST))
        node.set("substr", self._short(node.args["substr"], LONG_PATTERN, MAX_PATTERN))
        return node

    def _within(self, node: exp.Like | exp.ILike) -> bool:
        node.set("this", self._short(node.this, LONG_TEXT, LONGEST))
        node.set("expression", self._short(node.expression, LONG_PATTERN, MAX_PATTERN))
        return False

    def _short(self, node: exp.Expr, refusal: str, most: int) -> exp.Expr:
        """The text, when it is not longer; otherwise the question is refused."""
        if isinstance(node, exp.Literal):
            if len(node.name) > most:
                raise Invalid(self._path, refusal)
            return node
        if node.find(exp.Like, exp.ILike, exp.StrPosition, exp.Select):  # it is said four times
            raise Invalid(self._path, "a search is not made from another one")
        said = exp.Literal.string(refusal)
        if self._sqlite:
            return _call("sb_short", node, number(most), said)
        nothing = exp.Substring(this=node.copy(), start=number(1), length=number(0))
        failing = exp.cast(
            exp.cast(exp.DPipe(this=said, expression=nothing, safe=True), "int"), "text"
        )
        fits = exp.LTE(this=exp.Length(this=node.copy()), expression=number(most))
        return exp.Case(ifs=[exp.If(this=fits, true=node)], default=failing)

    def _part(self, node: exp.Extract) -> exp.Expr:
        if not self._sqlite:
            return node
        return _call("sb_part", exp.Literal.string(node.name.lower()), node.expression)

    def _trunc(self, node: exp.TimestampTrunc) -> exp.Expr:
        unit = exp.Literal.string(node.args["unit"].name.lower())
        name = "sb_trunc" if self._sqlite else "date_trunc"
        time = self._moment(node.this) if self._of(node.this) != MOMENT else node.this
        return _call(name, unit, time)

    @staticmethod
    def _ilike(node: exp.ILike) -> exp.Expr:
        sides = {
            "this": exp.Lower(this=node.this),
            "expression": exp.Lower(this=node.expression),
        }
        made = exp.Like(**sides, negate=node.args.get("negate"))
        if isinstance(node.parent, exp.Escape):
            return made
        return exp.Escape(this=made, expression=exp.Literal.string("\\"))


def number(value: int) -> exp.Expr:
    said = exp.Literal.number(abs(value))
    return exp.Neg(this=said) if value < 0 else said


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
