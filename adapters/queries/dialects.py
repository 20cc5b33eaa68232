"""The SQL that is asked in, and the SQL that is run."""

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.helper import seq_get
from sqlglot.parsers.postgres import PostgresParser


class QueryDialect(Postgres):
    """Questions are asked in the SQL of PostgreSQL."""

    class Parser(PostgresParser):
        FUNCTIONS = PostgresParser.FUNCTIONS | {
            "TO_CHAR": lambda args: exp.ToChar(
                this=seq_get(args, 0), format=seq_get(args, 1), extra=args[2:]
            )
        }


class OnSqlite(SQLite):
    """Names stand in backticks: one in double quotes that is not known would be read as a text."""

    class Tokenizer(SQLite.Tokenizer):
        IDENTIFIERS = ["`"]  # noqa: RUF012 - the library's way to say it


class OnPostgres(Postgres):
    pass
