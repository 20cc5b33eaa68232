"""The SQL that is asked in, and the SQL that is run."""

from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite


class Asked(Postgres):
    """Questions are asked in the SQL of PostgreSQL."""


class OnSqlite(SQLite):
    """Names stand in backticks: one in double quotes that is not known would be read as a text."""

    class Tokenizer(SQLite.Tokenizer):
        IDENTIFIERS = ["`"]  # noqa: RUF012 - the library's way to say it


class OnPostgres(Postgres):
    pass
