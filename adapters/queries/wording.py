"""What a question says, in words that mean the same on both databases: what PostgreSQL means."""

import re

from sqlglot import exp

from adapters.queries.checking import Kinds
from adapters.queries.failures import Failed
from adapters.queries.kinds import (
    BOOLEAN,
    DAY,
    DOUBLE,
    INTEGER,
    INTEGERS,
    JSON,
    MOMENT,
    NUMBERS,
    NUMERIC,
    TEXT,
    UNKNOWN,
)  # fmt: skip
from adapters.queries.operations import OF_TYPES, SIGNS
from adapters.queries.reckoning import FALSE, TRUE, to_fraction, to_whole
from adapters.queries.running import LONG_PATTERN, LONG_TEXT, LONGEST, MAX_PATTERN
from adapters.queries.times import NO_TIME, Clock, Span, readable, span
from domain.errors import Invalid

TOGETHER = 50
"""Texts that are put together before they are shortened."""


class SemanticsRewriter:
    """Goes through the tree from its leaves."""

    def __init__(
        self, query: exp.Query, kinds: Kinds, clock: Clock, path: str, *, sqlite: bool
    ) -> None:
        self._query, self._kinds, self._clock = query, kinds, clock
        self._path, self._sqlite = path, sqlite

    def apply(self) -> None:
        for node in list(self._query.walk(bfs=False))[::-1]:
            around, name, place = node.parent, node.arg_key, node.index
            kind, meant = self._of(node), self._kinds.meant.get(id(node))
            made = self._said(node)
            if meant == MOMENT and kind == DAY:
                made = self._midnight(made)
            kind = meant or kind
            if made is not node:
                self._kinds.note(made, kind)
                if around is not None and name:  # what is made may be around the node now
                    around.set(name, made, place)

    def _of(self, node: exp.Expr | None) -> str:
        return self._kinds.of(node)

    def _refuse(self, message: str) -> Invalid:
        return Invalid(self._path, message)

    def _said(self, node: exp.Expr) -> exp.Expr:  # noqa: C901, PLR0911, PLR0912 - one case a word
        match node:
            case exp.Literal() if id(node) in self._kinds.meant:
                return self._literal(node.name, self._kinds.meant[id(node)], node)
            case exp.Interval() | exp.Cast() if self._is_span(node):
                if not isinstance(node.parent, exp.Add | exp.Sub):
                    raise self._refuse("an interval is for what is added to a time")
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
            case exp.TimestampTrunc():
                return self._trunc(node)
            case exp.ToChar():
                return self._to_char(node)
            case exp.Extract() if self._sqlite:
                return _call("sb_part", _text(node.name.lower()), node.expression)
            case exp.StrPosition():
                return self._found(node)
            case exp.Like() | exp.ILike():
                return self._like(node)
            case exp.Lower() | exp.Upper() if not self._sqlite:
                node.set("this", _collated(node.this, "default"))
                return _collated(node, "C")
        if type(node) in SIGNS:
            return self._reckoned(node)
        return self._on_sqlite(node) if self._sqlite else node

    def _on_sqlite(self, node: exp.Expr) -> exp.Expr:  # noqa: PLR0911 - one case a word
        kind = self._of(node)
        match node:
            case exp.Neg() if not isinstance(node.this, exp.Literal):
                return _call("sb_negated", _text(kind), node.this)
            case exp.Sum() | exp.Avg() if kind == NUMERIC:
                return _call("sb_sum" if isinstance(node, exp.Sum) else "sb_avg", node.this)
            case exp.Round():
                digits = node.args.get("decimals") or number(0)
                of = (
                    NUMERIC
                    if self._of(node.this) == NUMERIC or node.args.get("decimals")
                    else DOUBLE
                )
                return _call("sb_round", _text(of), node.this, digits)
            case exp.Substring() if not node.meta.get("made"):
                return _call(
                    "sb_substr", node.this, node.args.get("start") or number(1),
                    *filter(None, [node.args.get("length")]),
                )  # fmt: skip
            case exp.Left():
                return _call("sb_left", node.this, node.expression)
            case exp.JSONExtract() | exp.JSONExtractScalar():
                key = self._key(node)
                name = "sb_json_text" if isinstance(node, exp.JSONExtractScalar) else "sb_json_part"
                return _call(name, node.this, key)
            case exp.Subquery() if _is_value(node):
                return self._single(node)
        return node

    # -- constants

    def _literal(self, text: str, kind: str, node: exp.Expr) -> exp.Expr:
        """A text of the question, as what it is needed as."""
        try:
            if kind in INTEGERS:
                return number(to_whole(kind, TEXT, text))
            if kind in (NUMERIC, DOUBLE):
                to_fraction(kind, text)
                return exp.cast(_text(text.strip()), kind if not self._sqlite else "real")
        except Failed as error:
            raise self._refuse(str(error)) from None
        match kind:
            case _ if kind == BOOLEAN:
                said = text.strip().lower()
                if said not in TRUE + FALSE:
                    raise self._refuse("expected 'true' or 'false'")
                return exp.Boolean(this=said in TRUE)
            case _ if kind == MOMENT:
                return self._moment_of(self._checked(text))
            case _ if kind == DAY:
                try:
                    return self._day_of(self._clock.read_date(text))
                except ValueError:
                    raise self._refuse(NO_TIME) from None
        return node

    def _checked(self, text: str) -> str:
        try:
            return self._clock.to_time(text)
        except Failed:
            raise self._refuse(NO_TIME) from None

    def _moment_of(self, kept: str) -> exp.Expr:
        """From here on it is UTC that is said."""
        return _text(kept) if self._sqlite else exp.cast(_text(f"{kept}+00"), "timestamptz")

    def _day_of(self, text: str) -> exp.Expr:
        return _text(text) if self._sqlite else exp.cast(_text(text), "date")

    # -- times

    @staticmethod
    def _is_span(node: exp.Expr) -> bool:
        cast = isinstance(node, exp.Cast) and node.to.this == exp.DType.INTERVAL
        return cast or isinstance(node, exp.Interval)

    def _midnight(self, node: exp.Expr) -> exp.Expr:
        return _call("sb_midnight", node) if self._sqlite else exp.cast(node, "timestamptz")

    def _moment(self, node: exp.Expr) -> exp.Expr:
        kind = self._of(node)
        if kind == MOMENT:
            return node
        if self._sqlite:
            return _call("sb_midnight" if kind == DAY else "sb_time", node)
        return exp.cast(node, "timestamptz")

    def _day(self, node: exp.Expr) -> exp.Expr:
        kind = self._of(node)
        if kind == UNKNOWN and isinstance(node, exp.Literal):
            return self._literal(node.name, DAY, node)
        if kind == DAY:
            return node
        if self._sqlite:
            return _call("sb_day" if kind == MOMENT else "sb_date", node)
        return exp.cast(node, "date")

    def _span(self, node: exp.Expr) -> Span:
        unit = node.args.get("unit")
        try:
            return span(node.this.name + (f" {unit.name}" if unit else ""))
        except ValueError as error:
            raise self._refuse(str(error)) from None

    def _reckoned(self, node: exp.Expr) -> exp.Expr:
        one, two, kind = node.this, node.expression, self._of(node)
        sign = 1 if isinstance(node, exp.Add) else -1
        if self._is_span(one):
            one, two = two, one
        if self._is_span(two):
            return self._shifted(node, one, self._span(two), sign)
        left, right = self._of(one), self._of(two)
        if DAY in (left, right):
            return self._days(node, one, two, sign)
        if not self._sqlite:
            return node
        return _call("sb_reckoned", _text(SIGNS[type(node)]), _text(kind), one, two)

    def _shifted(self, node: exp.Expr, time: exp.Expr, length: Span, sign: int) -> exp.Expr:
        time = self._moment(time)
        if not self._sqlite:
            said = exp.cast(_text(length.text()), "interval")
            return type(node)(this=time, expression=said)
        moved = (sign * length.months, sign * length.days, sign * length.seconds)
        return _call("sb_shift", time, *map(number, moved))

    def _days(self, node: exp.Expr, one: exp.Expr, two: exp.Expr, sign: int) -> exp.Expr:
        if self._of(node) == INTEGER:
            return _call("sb_days", one, two) if self._sqlite else node
        day, count = (one, two) if self._of(one) == DAY else (two, one)
        if not self._sqlite:
            return type(node)(this=day, expression=exp.cast(exp.Paren(this=count), "int"))
        count = exp.Neg(this=exp.Paren(this=count)) if sign < 0 else count
        return _call("sb_add_days", day, count)

    def _trunc(self, node: exp.TimestampTrunc) -> exp.Expr:
        unit = _text(node.args["unit"].name.lower())
        return _call("sb_trunc" if self._sqlite else "date_trunc", unit, self._moment(node.this))

    def _to_char(self, node: exp.ToChar) -> exp.Expr:
        form = node.args["format"]
        if not isinstance(form, exp.Literal) or not form.is_string:
            raise self._refuse("expected the pattern of to_char as a text")
        if self._of(node.this) in NUMBERS:
            if not PLACES.fullmatch(form.name):
                raise self._refuse("expected a pattern such as 'FM999990.00' for a number")
            name = "sb_to_char" if self._sqlite else "to_char"
        elif not readable(form.name):
            raise self._refuse("expected a pattern of YYYY, MM, DD, HH24, MI, SS, Month, Day, …")
        else:
            name = "sb_formatted" if self._sqlite else "to_char"
        made = _call(name, node.this, form)
        return made if self._sqlite else _collated(made, "C")

    # -- casts

    def _cast(self, node: exp.Cast) -> exp.Expr:  # noqa: PLR0911 - one case a type
        inner, to = node.this, OF_TYPES[node.to.this]
        kind = self._of(inner)
        if to == MOMENT:
            return self._moment(inner)
        if to == DAY:
            return self._day(inner)
        if to == TEXT:
            return self._as_text(inner)
        if not self._sqlite:
            return node
        if to in INTEGERS:
            own = TEXT if kind == UNKNOWN else kind
            return _call("sb_whole", _text(to), _text(own), inner)
        if to in (NUMERIC, DOUBLE):
            return _call("sb_fraction", _text(to), inner)
        if to == BOOLEAN:
            return _call("sb_truth", inner)
        return _call("sb_json", inner) if to == JSON else node

    def _as_text(self, node: exp.Expr) -> exp.Expr:
        kind = self._of(node)
        if self._sqlite:
            if kind in (TEXT, UNKNOWN, DAY, JSON):
                return node
            if kind == MOMENT:
                return _call("sb_time_text", node)
            return _call("sb_text", _text(kind), node)
        if kind == NUMERIC:
            node = _call("trim_scale", node)
        return _collated(exp.cast(node, "text"), "C")

    # -- texts

    def _concat(self, node: exp.Concat) -> exp.Expr:
        """What is null is left out."""
        parts = [self._as_text(part) for part in node.expressions]
        if self._sqlite:
            return _call("sb_concat", *parts)
        nothing = _text("")
        return self._joined([exp.Coalesce(this=p, expressions=[nothing.copy()]) for p in parts])

    def _chain(self, node: exp.DPipe) -> exp.Expr:
        """`a || b || c` is one chain: only its top says what it is."""
        if isinstance(node.parent, exp.DPipe) and node.arg_key == "this":
            return node
        parts: list[exp.Expr] = []
        rest: exp.Expr = node
        while isinstance(rest, exp.DPipe):
            parts.append(rest.expression)
            rest = rest.this
        return self._joined([self._as_text(part) for part in [rest, *reversed(parts)]])

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
        text = self._short(node.this, LONG_TEXT, LONGEST)
        wanted = self._short(node.args["substr"], LONG_PATTERN, MAX_PATTERN)
        if self._sqlite:
            return _call("sb_find", text, wanted)
        node.set("this", text)
        node.set("substr", wanted)
        return node

    def _like(self, node: exp.Like | exp.ILike) -> exp.Expr:
        text = self._short(node.this, LONG_TEXT, LONGEST)
        pattern = self._short(node.expression, LONG_PATTERN, MAX_PATTERN)
        any_case = isinstance(node, exp.ILike)
        if any_case:
            text, pattern = (
                (exp.Lower(this=text), exp.Lower(this=pattern))
                if self._sqlite
                else (_collated(text, "default"), _collated(pattern, "default"))
            )
        kind = exp.Like if self._sqlite else type(node)
        made = kind(this=text, expression=pattern, negate=node.args.get("negate"))
        if not self._sqlite or isinstance(node.parent, exp.Escape):
            return made
        return exp.Escape(this=made, expression=_text("\\"))

    def _short(self, node: exp.Expr, refusal: str, most: int) -> exp.Expr:
        """The text, when it is not longer; otherwise the question is refused."""
        if isinstance(node, exp.Literal):
            if len(node.name) > most:
                raise self._refuse(refusal)
            return node
        if node.find(exp.Like, exp.ILike, exp.StrPosition, exp.Select):  # it is said three times
            raise self._refuse("a search is not made from another one")
        said = _text(refusal)
        if self._sqlite:
            return _call("sb_short", node, number(most), said)
        nothing = exp.Substring(this=node.copy(), start=number(1), length=number(0))
        joined = exp.DPipe(this=said, expression=nothing, safe=True)
        failing = exp.cast(exp.cast(joined, "int"), "text")
        fits = exp.LTE(this=exp.Length(this=node.copy()), expression=number(most))
        return exp.Case(ifs=[exp.If(this=fits, true=node)], default=failing)

    def _key(self, node: exp.Expr) -> exp.Expr:
        """The name or the place that is asked of JSON."""
        *_, last = node.expression.expressions
        if isinstance(last, exp.JSONPathSubscript):
            return number(int(last.this))
        return _text(str(last.this))

    def _single(self, node: exp.Subquery) -> exp.Expr:
        """PostgreSQL refuses several rows where one value is expected."""
        inner = node.this
        name = inner.selects[0].alias_or_name
        value = exp.column(exp.to_identifier(name, quoted=True))
        table = exp.Subquery(
            this=inner, alias=exp.TableAlias(this=exp.to_identifier("q", quoted=True))
        )
        return exp.Subquery(
            this=exp.select(_call("sb_single", value), copy=False).from_(table, copy=False)
        )


PLACES = re.compile(r"(FM)?[90]{1,12}(\.[90]{1,6})?")


def _is_value(node: exp.Subquery) -> bool:
    """Whether a question stands for a value: neither a table nor what IN looks into."""
    place = node.parent
    if isinstance(
        place, exp.From | exp.Join | exp.In | exp.Exists | exp.SetOperation | exp.Subquery
    ):
        return False
    return place is not None and isinstance(node.this, exp.Select) and bool(node.this.selects)


def number(value: int) -> exp.Expr:
    said = exp.Literal.number(abs(value))
    return exp.Neg(this=said) if value < 0 else said


def _text(text: str) -> exp.Expr:
    return exp.Literal.string(text)


def _collated(node: exp.Expr, name: str) -> exp.Expr:
    return exp.Collate(this=exp.Paren(this=node), expression=exp.to_identifier(name, quoted=True))


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))
