"""Reading a view: what a list asks for, and the SQL it becomes, for both databases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapters.row_pages import PAGE_BYTES

MANY = 1_000
"""More numbers than these are written out: databases take only so many parameters."""

FEW = 1_000
"""Documents that are quicker looked up one by one than passed by."""
STATES = 3
"""So few values stand for states of things, which most of them share."""

Condition = tuple[str, str, Any]
"""A column, an operator (= < > <= >= in) and a value; or any name, `has` and terms: the document
has one of them."""


@dataclass(frozen=True, slots=True)
class Select:
    """One page of one account's documents, in a stable order, and how many there are in all."""

    account: int
    where: tuple[Condition, ...] = ()
    prefixes: tuple[str, ...] = ()
    """Terms: the document has, for each of these, one that begins with it."""
    exact: tuple[str, ...] = ()
    """Terms that the document has exactly."""
    order: str = "number"
    then: str = "number"
    """What makes the order total; the same as `order` when that is unique."""
    descending: bool = False
    after: tuple[Any, ...] | None = None
    """The order values of the last document of the page before."""
    limit: int = 50
    offset: int = 0
    """Documents to pass over, for clients that do not go on from a cursor."""
    counted: bool = True
    """Whether the number of all documents is asked for: a feed that is polled does not."""
    bytes: int = PAGE_BYTES
    """Bytes of bodies that a page has at most, but for its first document."""
    or_in: tuple[str, tuple[int, ...]] | None = None
    """A column and numbers: a document that has one of these there needs none of the prefixes."""

    @property
    def sort(self) -> tuple[str, ...]:
        return (self.order,) if self.order == self.then else (self.order, self.then)

    @property
    def in_order(self) -> str:
        direction = " DESC" if self.descending else ""
        return ", ".join(column + direction for column in self.sort)

    def filters(
        self, documents: str, terms: str, *, in_order: bool = False
    ) -> tuple[str, list[Any]]:
        """The conditions without the page, and their parameters (`?` stands for each). `in_order`:
        for documents that are read in their order, whatever index a list of a few values has."""
        found = f"SELECT 1 FROM {terms} t WHERE t.key = {documents}.key AND"  # noqa: S608 - names
        sql: list[str] = ["account = ?"]
        params: list[Any] = [self.account]
        for column, operator, value in self.where:
            if operator == "in" and len(value) > MANY and {*map(type, value)} == {int}:
                sql.append(f"{column} IN ({','.join(map(str, value))})")
            elif operator == "in":
                plain = "+" if in_order and len(value) <= STATES and _numbers(value) else ""
                marks = ",".join("?" * len(value))
                sql.append(f"{plain}{column} IN ({marks})" if value else "1 = 0")
                params += value
            elif operator == "has":
                sql.append(f"EXISTS ({found} t.term IN ({','.join('?' * len(value))}))")
                params += value
            else:
                sql.append(f"{column} {operator} ?")
                params.append(value)
        for term in self.exact:
            sql.append(f"EXISTS ({found} t.term = ?)")
            params.append(term)
        begins = []
        for prefix in self.prefixes:
            begins.append(f"EXISTS ({found} t.term >= ? AND t.term < ?)")
            params += [prefix, prefix + "\U0010ffff"]
        if self.or_in and self.or_in[1]:
            column, numbers = self.or_in
            listed = ",".join(map(str, numbers))
            begins = [f"({column} IN ({listed}) OR ({' AND '.join(begins) or 'TRUE'}))"]
        sql += begins
        return " AND ".join(sql), params

    @property
    def only_a_term(self) -> bool:
        """Whether all that is asked for is one exact term: then the terms alone know how many."""
        return len(self.exact) == 1 and not (self.where or self.prefixes or self.or_in)

    def count(self, documents: str, terms: str) -> tuple[str, list[Any]]:
        if self.only_a_term:
            return self._counting_a_term(terms, None)
        where, params = self.filters(documents, terms)
        return f"SELECT count(*) FROM {documents} WHERE {where}", params  # noqa: S608 - names

    def few(self, terms: str) -> tuple[str, list[Any]]:
        """How many documents have the first exact term, counted up to one more than are few."""
        return self._counting_a_term(terms, FEW + 1)

    def _counting_a_term(self, terms: str, most: int | None) -> tuple[str, list[Any]]:
        sql, params = self._with_term(terms)
        bound = "" if most is None else f" LIMIT {most}"
        return f"SELECT count(*) FROM ({sql}{bound}) named", params  # noqa: S608 - a query of ours

    def _with_term(self, terms: str) -> tuple[str, list[Any]]:
        """The keys of the account's documents that have the first exact term."""
        first, last = self.account.to_bytes(6) + bytes(10), self.account.to_bytes(6) + b"\xff" * 10
        sql = f"SELECT key AS named FROM {terms} WHERE term = ? AND key BETWEEN ? AND ?"  # noqa: S608 - names
        return sql, [self.exact[0], first, last]

    def page_with_term(self, documents: str, terms: str) -> tuple[str, list[Any]]:
        """The page of many documents that have the first exact term, where keys are in the order of
        numbers: the terms are read in their order until the page is full."""
        first, last = self.account.to_bytes(6) + bytes(10), self.account.to_bytes(6) + b"\xff" * 10
        keys = f"SELECT key AS named FROM {terms} WHERE term = ?"  # noqa: S608 - names
        params: list[Any] = [self.exact[0]]
        if self.after is None:
            keys += " AND key BETWEEN ? AND ?"
            params += [first, last]
        else:
            edge = f"SELECT key FROM {documents} WHERE account = ? AND number"  # noqa: S608 - names
            if self.descending:
                edge = f"COALESCE(({edge} >= ? ORDER BY number LIMIT 1), ?)"
                keys += f" AND key >= ? AND key < {edge}"
                params += [first, self.account, *self.after, last]
            else:
                edge = f"COALESCE(({edge} <= ? ORDER BY number DESC LIMIT 1), ?)"
                keys += f" AND key > {edge} AND key <= ?"
                params += [self.account, *self.after, first, last]
        where, others = self.filters(documents, terms)
        sql = (
            f"SELECT key, body, number FROM ({keys}) found CROSS JOIN {documents}"  # noqa: S608 - names
            f" WHERE {documents}.key = named AND {where}"
            f" ORDER BY named{' DESC' if self.descending else ''} LIMIT ? OFFSET ?"
        )
        return sql, [*params, *others, self.limit + 1, self.offset]

    def page(
        self, documents: str, terms: str, *, few: bool = False, named: bool = False
    ) -> tuple[str, list[Any]]:
        """One more than the page, with the values that the next page starts behind. Of many,
        documents are read in their order until the page is full; `few` are looked up, by the term
        that few are `named` by."""
        where, params = self.filters(documents, terms, in_order=not (few or named))
        source = documents
        if named:
            keys, with_term = self._with_term(terms)
            source = f"({keys}) found CROSS JOIN {documents}"
            where, params = f"{documents}.key = named AND {where}", [*with_term, *params]
        columns = ", ".join(self.sort)
        if self.after is not None:
            marks = ", ".join("?" * len(self.sort))
            where += f" AND ({columns}) {'<' if self.descending else '>'} ({marks})"
            params += self.after
        sql = (
            f"SELECT key, body, {columns} FROM {source} WHERE {where}"  # noqa: S608 - names
            f" ORDER BY {self.in_order} LIMIT ? OFFSET ?"
        )
        return sql, [*params, self.limit + 1, self.offset]


def _numbers(values: Sequence[Any]) -> bool:
    return all(type(value) is int for value in values)


@dataclass(frozen=True, slots=True)
class Page:
    """The documents of one page, and the number of documents in all."""

    keys: Sequence[bytes]
    bodies: Sequence[bytes]
    """Of those that have one: what only leads to facts has none."""
    last: tuple[Any, ...] | None
    """The order values of the last one, None when there are no more."""
    total: int
    position: int
    """Where the view stood, or before."""
    is_cut: bool = False
    """Whether it ends before its limit, because of its bytes."""
