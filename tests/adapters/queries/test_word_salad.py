"""Whatever comes in is refused as bad input, or becomes a SELECT over views, on both databases."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one
from sqlglot.errors import ErrorLevel

from adapters.queries.dialects import OnPostgres, OnSqlite
from adapters.queries.reading import read
from adapters.queries.rewriting import rewritten
from adapters.queries.running import QueryContext
from adapters.queries.times import Clock
from domain.errors import Invalid

SAID = """
    select from where tm.event tm.ticket conf.pricetype id nameen startts c_x e a b , ( ) * + -
    / || = <> < > <= is null not and or in like ilike between exists case when then else end
    as with union all except join left cross on using group by order desc limit offset
    having distinct 1 2 'x' '2026-01-01' now() interval '7 days' ::int ::date ::timestamptz
    count sum max coalesce lower concat extract year date_trunc 'month' over partition
    filter "e" "a b" `a` ; -- /* */ $1 :a ? @ [ ] { } sqlite_master pg_class stored_events
    documents pg_sleep load_extension true false current_date row_number rank lateral values
    table insert update delete into for attach pragma recursive materialized any array row
    cast trim substring position escape similar collate"""
WORDS = st.sampled_from(SAID.split())
PARTS = ("select id", "from tm.event e", "where e.id = 1", "(select id from tm.event)")
LIKELY = st.one_of(WORDS, st.sampled_from(PARTS))
ASKER = QueryContext(1, "en", Clock("Europe/Brussels"), sells=False)


def view(name: str) -> exp.Table:
    return exp.table_(f"view {name}", db="temp", quoted=True)


@settings(max_examples=300)
@given(st.lists(LIKELY, max_size=30).map(" ".join), st.booleans())
def test_words_in_any_order(said: str, sqlite: bool) -> None:  # noqa: FBT001 - an example's
    try:
        question = rewritten(read(said, "filter"), ASKER, "filter", view, sqlite=sqlite)
    except Invalid:
        return

    dialect = OnSqlite if sqlite else OnPostgres
    tree = parse_one(question.sql, dialect=dialect, error_level=ErrorLevel.RAISE)
    assert isinstance(tree, exp.Query)
    for table in tree.find_all(exp.Table):
        assert table.name.startswith("with " if not table.db else "view "), question.sql


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text(said: str) -> None:
    for text in (said, f"select id from tm.event where nameen = '{said}", f'select "{said}"'):
        with suppress(Invalid):
            rewritten(read(text, "filter"), ASKER, "filter", view, sqlite=True)
