"""The wall behind the reading of questions: what is handed to the databases as it is can read the
views that were made for it, and nothing else, whatever it says."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from adapters.bootstrap import EVENTS
from adapters.queries.failures import Failed
from adapters.queries.running import Session
from adapters.queries.schema import TABLES
from adapters.queries.times import Clock
from tests.adapters.queries.conftest import DEMO, OTHER, Asked


@contextmanager
def session(asked: Asked, *names: str) -> Iterator[tuple[Session, str]]:
    """A session with these tables, and what its views' names end with."""
    secret = secrets.token_hex(8)
    tables = [
        (f"{name.replace('.', '_')}_{secret}", TABLES[name], tuple(TABLES[name].columns.values()))
        for name in names or ("tm.event",)
    ]
    with asked.book.queries.engine.session(tables, DEMO, secret, Clock("UTC")) as made:
        yield made, secret


def run(asked: Asked, sql: str, *names: str) -> list[tuple[Any, ...]]:
    with session(asked, *names) as (made, secret):
        schema = asked.book.queries.engine.schema
        view = f"{schema}.tm_event_{secret}"
        documents, facts = "events.documents", "main.stored_events"
        if not asked.book.queries.engine.sqlite:
            documents = asked.book.views.live(EVENTS).documents
            documents, facts = f"public.{documents}", "public.stored_events"
        said = sql.format(view=view, secret=secret, documents=documents, facts=facts)
        _, rows = made.run(said)
        return list(rows)


BOTH = [
    "SELECT * FROM {documents}",
    "SELECT count(*) FROM {documents}",
    "SELECT 1 FROM {documents}",
    "SELECT account FROM {documents} LIMIT 1",
    "SELECT (SELECT count(*) FROM {documents}) FROM {view}",
    "SELECT id FROM {view} WHERE EXISTS (SELECT 1 FROM {documents} WHERE body LIKE '%secret%')",
    "SELECT id FROM {view} UNION ALL SELECT account FROM {documents}",
    "WITH tm_event AS (SELECT account FROM {documents}) SELECT * FROM tm_event",
    "WITH documents AS (SELECT account FROM {documents}) SELECT * FROM documents",
    "SELECT * FROM {facts}",
    "DELETE FROM {documents}",
    "UPDATE {documents} SET account = 1",
    "INSERT INTO {documents} (account) VALUES (1)",
    "DROP TABLE {documents}",
    "DROP VIEW {view}",
    "CREATE TABLE x (a int)",
    "CREATE TEMP TABLE x (a int)",
    "CREATE TEMP VIEW x AS SELECT * FROM {documents}",
    "CREATE INDEX x ON {documents} (account)",
    "ALTER TABLE {documents} ADD COLUMN x int",
    "BEGIN",
    "ANALYZE",
    "REINDEX {documents}",
    "SELECT 1; SELECT 2",
    "",
]
ON_SQLITE = [
    "SELECT * FROM sqlite_master",
    "SELECT 1 FROM sqlite_schema",
    "SELECT count(*) FROM temp.sqlite_master",
    "SELECT sql FROM sqlite_temp_master",
    "SELECT * FROM events.sqlite_master",
    "SELECT position FROM events.progress",
    "SELECT count(*) FROM events.terms",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_table_info('documents')",
    "SELECT count(*) FROM pragma_function_list",
    "SELECT * FROM dbstat",
    "SELECT count(*) FROM dbstat('events')",
    "SELECT * FROM sqlite_stmt",
    "SELECT value FROM json_each('[1]')",
    "SELECT json_extract('[1]', '$[0]')",
    "SELECT load_extension('x')",
    "SELECT zeroblob(1000000000)",
    "SELECT randomblob(1000000000)",
    "SELECT printf('%.1000000c', 'x')",
    "SELECT replace('a', 'a', 'b')",
    "SELECT group_concat(id) FROM {view}",
    "SELECT hex('a')",
    "SELECT sqlite_version()",
    "SELECT fts3_tokenizer('simple')",
    "SELECT last_insert_rowid()",
    "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x) SELECT count(*) FROM x",
    "ATTACH ':memory:' AS x",
    "ATTACH '/etc/passwd' AS x",
    "DETACH events",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA table_list",
    "PRAGMA trusted_schema = ON",
    "VACUUM",
    "VACUUM INTO '/tmp/x.sqlite'",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT x",
    "RELEASE x",
    "CREATE TEMP TRIGGER x INSTEAD OF INSERT ON {view} BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE x USING fts5(a)",
    "CREATE VIRTUAL TABLE temp.x USING dbstat",
    "INSERT INTO {view} (id) VALUES (1)",
    "EXPLAIN SELECT account FROM {documents}",
    "EXPLAIN QUERY PLAN SELECT account FROM {documents}",
]
ON_POSTGRES = [
    "SELECT * FROM public.kept_answers",
    "SELECT * FROM public.numbers",
    "SELECT * FROM public.views",
    "SELECT rolpassword FROM pg_catalog.pg_authid",
    "SELECT passwd FROM pg_catalog.pg_shadow",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_create(0)",
    "SELECT pg_sleep(60)",
    "SELECT query_to_xml('SELECT * FROM public.stored_events', true, true, '')",
    "SELECT query_to_xml('SELECT account FROM {documents}', true, true, '')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user",
    "SELECT pg_reload_conf()",
    "SELECT nextval('public.stored_events_notification_id_seq')",
    "SELECT setval('public.stored_events_notification_id_seq', 1)",
    "SELECT public.append_facts(" + ", ".join(["'{{}}'"] * 19) + ")",
    "SELECT count(*) FROM generate_series(1, 100000000000)",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "COPY {documents} TO STDOUT",
    "DO $$ BEGIN PERFORM account FROM {documents}; END $$",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE ROLE x SUPERUSER",
    "ALTER ROLE stagebook_query SUPERUSER",
    "GRANT ALL ON {documents} TO PUBLIC",
    "LOCK TABLE {documents}",
    "SELECT * FROM {view} FOR UPDATE",
    "TRUNCATE {documents}",
    "NOTIFY x",
    "SELECT id INTO TEMP x FROM {view}",
    "PREPARE x AS SELECT 1; EXECUTE x",
]


@pytest.mark.parametrize("sql", [*BOTH, *ON_SQLITE, *ON_POSTGRES])
def test_a_database_refuses_what_was_not_read(
    asked: Asked, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite = asked.book.queries.engine.sqlite
    if sql in (ON_POSTGRES if sqlite else ON_SQLITE):
        sql = "SELECT * FROM {documents}"
    before = asked.book.store.position()

    monkeypatch.setattr(asked.book.queries.engine, "seconds", 0.5)
    with pytest.raises(Failed):
        run(asked, sql)
    monkeypatch.undo()

    assert asked.book.store.position() == before
    assert len(asked.ids("select id from tm.event")) == 2


def test_a_view_shows_one_account(asked: Asked) -> None:
    rows = run(asked, "SELECT id, name FROM {view}", *TABLES)

    assert sorted(rows) == sorted([(asked.jazz, "Jazz Night 100%"), (asked.rock, "Rock")])


def test_no_table_shows_another_account(asked: Asked) -> None:
    with session(asked, *TABLES) as (made, secret):
        schema = asked.book.queries.engine.schema
        for name in TABLES:
            view = f"{schema}.{name.replace('.', '_')}_{secret}"
            _, rows = made.run(f"SELECT * FROM {view}")
            assert "Their secret" not in str(list(rows))

    theirs = asked.book.queries.ids(OTHER, "select id from tm.event where nameen = 'Their secret'")
    assert theirs == [asked.secret]


def test_a_role_that_is_put_off_does_not_outlive_the_question(asked: Asked) -> None:
    if asked.book.queries.engine.sqlite:
        with pytest.raises(Failed):
            run(asked, "SELECT set_config('role', 'none', true)")
    else:
        run(asked, "SELECT set_config('role', 'none', true)")
        run(asked, "SELECT pg_advisory_lock(1)")

    with pytest.raises(Failed):
        run(asked, "SELECT account FROM {documents}")
