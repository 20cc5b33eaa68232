"""Reading a question: one SELECT whose every word is known here, or a refusal.

The tree is checked node by node against what is listed below, with the parts that each may have.
What is not listed is refused, so that a new version of the parser cannot let in more.
"""

import re
from collections.abc import Iterator
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from adapters.queries.dialects import QueryDialect
from adapters.queries.running import words
from domain.errors import Invalid

MAX_LENGTH = 100_000
MAX_TOKENS = 20_000
MAX_DEPTH = 30
MAX_TYPE_DEPTH = 5
"""Of calls that are named like types, `date(…)`: the parser tries each of them in two ways, so that
its time doubles with each level."""
MAX_HEIGHT = 600
"""Of the tree: a chain of ANDs is as high as it is long."""
MAX_NODES = 30_000
MAX_COLUMNS = 500
MAX_ARGUMENTS = 100
"""As PostgreSQL has it."""
MAX_TABLES = 60
"""Tables that a question reads, counted as often as the CTEs that name them are."""
NUMBER = re.compile(r"\d{1,30}(\.\d{0,30})?|\.\d{1,30}")
NAME = re.compile(r"[^\W\d]\w{0,62}")
CALLED_BY_NAME = re.compile(r"pg_|hash_|row_to_|array_|record_|quote_|num_n|.*(json|xml|_agg)")
"""On PostgreSQL `a.json_agg` calls that function with the row: such names are not for columns."""

TYPES = words(
    "INT BIGINT SMALLINT TEXT VARCHAR DECIMAL DOUBLE BOOLEAN TIMESTAMP TIMESTAMPTZ DATE INTERVAL"
    " JSON"
)
PARTS = words("year quarter month week day hour minute second dow isodow doy epoch")
TRUNCATED = words("year quarter month week day hour minute second")

QUERY = "with_ expressions from_ joins where group having order limit offset distinct windows"
SETS = "with_ this expression distinct order limit offset"
BINARY = "this expression"
TEST = "this expression negate"
ONE = "this"

ALLOWED: dict[type[exp.Expr], frozenset[str]] = {
    node: words(parts)
    for node, parts in {
        exp.Select: QUERY,
        exp.Union: SETS,
        exp.Except: SETS,
        exp.Intersect: SETS,
        exp.Subquery: "this alias with_ order limit offset",
        exp.With: "expressions",
        exp.CTE: "this alias",
        exp.From: ONE,
        exp.Join: "this side kind on using",
        exp.Where: ONE,
        exp.Group: "expressions",
        exp.Having: ONE,
        exp.Order: "expressions",
        exp.Ordered: "this desc nulls_first",
        exp.Limit: "expression",
        exp.Offset: "expression",
        exp.Distinct: "expressions",
        exp.Table: "this db alias",
        exp.TableAlias: "this columns",
        exp.Alias: "this alias",
        exp.Identifier: "this quoted",
        exp.Column: "this table db",
        exp.Star: "",
        exp.Literal: "this is_string",
        exp.Boolean: ONE,
        exp.Null: "",
        exp.Paren: ONE,
        exp.Tuple: "expressions",
        exp.Var: ONE,
        exp.And: BINARY,
        exp.Or: BINARY,
        exp.Not: ONE,
        exp.Neg: ONE,
        exp.EQ: BINARY,
        exp.NEQ: BINARY,
        exp.GT: BINARY,
        exp.GTE: BINARY,
        exp.LT: BINARY,
        exp.LTE: BINARY,
        exp.NullSafeEQ: BINARY,
        exp.NullSafeNEQ: BINARY,
        exp.Is: TEST,
        exp.Like: TEST,
        exp.ILike: TEST,
        exp.Escape: BINARY,
        exp.In: "this expressions query negate",
        exp.Between: "this low high negate",
        exp.Exists: ONE,
        exp.Add: BINARY,
        exp.Sub: BINARY,
        exp.Mul: BINARY,
        exp.Div: "this expression typed safe",
        exp.Mod: BINARY,
        exp.DPipe: "this expression safe",
        exp.Case: "this ifs default",
        exp.If: "this true false",
        exp.Cast: "this to",
        exp.DataType: "this nested",
        exp.Interval: "this unit",
        exp.Count: "this big_int",
        exp.Sum: ONE,
        exp.Avg: ONE,
        exp.Min: ONE,
        exp.Max: ONE,
        exp.Coalesce: "this expressions",
        exp.Nullif: BINARY,
        exp.Lower: ONE,
        exp.Upper: ONE,
        exp.Length: ONE,
        exp.Trim: ONE,
        exp.Substring: "this start length",
        exp.Left: BINARY,
        exp.StrPosition: "this substr",
        exp.Concat: "expressions safe coalesce",
        exp.Abs: ONE,
        exp.Round: "this decimals",
        exp.Floor: ONE,
        exp.Ceil: ONE,
        exp.CurrentTimestamp: "",
        exp.CurrentDate: "",
        exp.Extract: BINARY,
        exp.TimestampTrunc: "this unit",
        exp.Date: ONE,
        exp.ToChar: "this format",
        exp.JSONExtract: "this expression only_json_types",
        exp.JSONExtractScalar: "this expression only_json_types",
        exp.JSONPath: "expressions",
        exp.JSONPathRoot: "",
        exp.JSONPathKey: ONE,
        exp.JSONPathSubscript: ONE,
        exp.Window: "this partition_by order over",
        exp.RowNumber: "",
        exp.Rank: "",
        exp.DenseRank: "",
        exp.Filter: BINARY,
    }.items()
}
TOO_DEEP = "it is nested too deep"
CALLED_LIKE_TYPES = QueryDialect.parser_class.TYPE_TOKENS - {TokenType.UNION, TokenType.NULL}
REFUSED_TOKENS = {
    TokenType.L_BRACKET,
    TokenType.L_BRACE,
    TokenType.PARAMETER,
    TokenType.PLACEHOLDER,
    TokenType.COLON,
}


def read(sql: str, path: str) -> exp.Query:
    """The tree of a question that may be asked, with plain names in small letters."""
    if not sql.strip():
        raise Invalid(path, "expected one SELECT")
    if len(sql) > MAX_LENGTH:
        raise Invalid(path, f"expected at most {MAX_LENGTH} characters")
    if "\0" in sql or (not sql.isascii() and _surrogate(sql)):
        raise Invalid(path, "expected text without NUL and half characters")
    try:
        return _read(sql, path)
    except (SqlglotError, ValueError, TypeError, AttributeError, IndexError, KeyError):
        # The parser is lenient in the wrong places: whatever it falls over is no SELECT.
        raise Invalid(path, "expected one SELECT in the SQL of PostgreSQL") from None
    except RecursionError:
        raise Invalid(path, TOO_DEEP) from None


def _surrogate(sql: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in sql)


def _read(sql: str, path: str) -> exp.Query:
    _check_tokens(sql, path)
    statements = [s for s in parse(sql, dialect=QueryDialect) if s is not None]
    if len(statements) != 1:
        raise Invalid(path, "expected one SELECT, not several statements")
    query = statements[0]
    while isinstance(query, exp.Subquery) and list(filter(query.args.get, query.args)) == ["this"]:
        query = query.this
    if not isinstance(query, exp.Select | exp.SetOperation):
        raise Invalid(path, "expected one SELECT")
    depths: dict[int, int] = {}
    for node in query.walk(bfs=False):
        depth = depths[id(node)] = depths.get(id(node.parent), 0) + 1
        if depth > MAX_HEIGHT:
            raise Invalid(path, f"{TOO_DEEP}: expected chains of at most {MAX_HEIGHT}")
        if len(depths) > MAX_NODES:
            raise Invalid(path, f"expected at most {MAX_NODES} parts")
        _check(node, path)
    _check_ctes(query, path)
    return query


def _check_tokens(sql: str, path: str) -> None:
    """Before the parser sees it, in time that grows with its length."""
    tokens = QueryDialect().tokenize(sql)
    if len(tokens) > MAX_TOKENS:
        raise Invalid(path, f"expected at most {MAX_TOKENS} words and signs")
    around: list[bool] = []
    like_types, before = 0, None
    for token in tokens:
        if token.token_type in REFUSED_TOKENS:
            raise Invalid(path, f"{token.text} is not for questions")
        if token.token_type == TokenType.L_PAREN:
            around.append(before in CALLED_LIKE_TYPES)
            like_types += around[-1]
        elif token.token_type == TokenType.R_PAREN and around:
            like_types -= around.pop()
        if len(around) > MAX_DEPTH:
            raise Invalid(path, f"{TOO_DEEP}: expected at most {MAX_DEPTH} parentheses")
        if like_types > MAX_TYPE_DEPTH:
            raise Invalid(path, f"{TOO_DEEP}: expected at most {MAX_TYPE_DEPTH} such as date(…)")
        before = token.token_type


def _check(node: exp.Expr, path: str) -> None:
    parts = ALLOWED.get(type(node))
    if parts is None:
        raise Invalid(path, f"{_shown(node)} is not for questions")
    for name, value in node.args.items():
        if name not in parts and value not in (None, False, [], ""):
            raise Invalid(path, f"{name.strip('_')} of {_shown(node)} is not for questions")
    if problem := _problem(node):
        raise Invalid(path, problem)


def _problem(node: exp.Expr) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a table of single rules
    match node:
        case exp.Literal() if not node.is_string and not NUMBER.fullmatch(node.name):
            return "expected numbers of up to 30 digits"
        case exp.Identifier():
            node.set("this", node.name if node.quoted else node.name.lower())
            if not NAME.fullmatch(node.name):
                return "expected names of letters, digits and underscores, up to 63"
        case exp.DataType() if node.this.name not in TYPES:
            return f"the type {node.this.name.lower()} is not for questions"
        case exp.Interval() if not isinstance(node.this, exp.Literal):
            return "expected an interval as text, such as interval '7 days'"
        case exp.Cast() if node.to.this == exp.DType.INTERVAL and not node.this.is_string:
            return "expected an interval as text, such as interval '7 days'"
        case exp.JSONExtract() | exp.JSONExtractScalar() if not _is_one_key(node.expression):
            return "expected one name or one place behind -> and ->>"
        case exp.Extract() if node.name.lower() not in PARTS:
            return f"expected extract of one of {', '.join(sorted(PARTS))}"
        case exp.TimestampTrunc() if node.args["unit"].name.lower() not in TRUNCATED:
            return f"expected date_trunc to one of {', '.join(sorted(TRUNCATED))}"
        case exp.Var() if not isinstance(node.parent, exp.Interval | exp.Extract | TRUNC):
            return f"{node.name} is not for questions"
        case exp.Limit() | exp.Offset() if not _is_number(node.expression):
            return "expected a whole number behind LIMIT and OFFSET"
        case exp.Table() if not isinstance(node.this, exp.Identifier):
            return "expected tables, not functions"
        case exp.TableAlias() if node.columns and not isinstance(node.parent, exp.CTE):
            return "names of columns are for the tables of WITH"
        case exp.Join() if node.side not in ("", "LEFT", "RIGHT", "FULL"):
            return "expected LEFT, RIGHT, FULL, INNER or CROSS JOIN"
        case exp.Join() if node.kind not in ("", "INNER", "OUTER", "CROSS"):
            return "expected LEFT, RIGHT, FULL, INNER or CROSS JOIN"
        case exp.CTE() if not isinstance(node.this, exp.Query):
            return "expected a SELECT in WITH"
        case exp.Window() if str(node.args.get("over", "OVER")).upper() != "OVER":
            return "expected OVER"
        case exp.Escape() if not node.expression.is_string or len(node.expression.name) != 1:
            return "expected one character behind ESCAPE"
        case exp.Select() if not node.expressions:
            return "expected at least one column"
        case exp.Select() if len(node.expressions) > MAX_COLUMNS:
            return f"expected at most {MAX_COLUMNS} columns"
        case exp.Func() if len(node.expressions) > MAX_ARGUMENTS:
            return f"expected at most {MAX_ARGUMENTS} arguments of a function"
        case exp.Distinct() if len(node.expressions) > 1:
            return "expected DISTINCT of one column"
        case exp.Min() | exp.Max() | exp.Sum() | exp.Avg() if isinstance(node.this, exp.Star):
            return "expected a column"
        case exp.Alias() | exp.CTE() | exp.TableAlias() if any(map(_callable, _names(node))):
            return "that name is taken by a function: choose another"
    return None


TRUNC = exp.TimestampTrunc


def _names(node: exp.Expr) -> Iterator[str]:
    yield node.alias if not isinstance(node, exp.TableAlias) else node.name
    yield from (column.name for column in node.args.get("columns") or ())


def _callable(name: str) -> bool:
    return bool(CALLED_BY_NAME.match(name))


def _is_one_key(path: exp.Expr) -> bool:
    if not isinstance(path, exp.JSONPath) or len(path.expressions) != 2:  # noqa: PLR2004 - a root, a key
        return False
    key = path.expressions[1]
    kind = str if isinstance(key, exp.JSONPathKey) else int
    return isinstance(key, exp.JSONPathKey | exp.JSONPathSubscript) and isinstance(key.this, kind)


def _is_number(node: Any) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()


def _shown(node: exp.Expr) -> str:
    """As it was said, as far as that is a word."""
    if isinstance(node, exp.Anonymous):
        name = str(node.this)
        return f"the function {name}" if NAME.fullmatch(name) else "that function"
    name = node.sql_names()[0] if isinstance(node, exp.Func) else node.key
    return name.lower().replace("_", " ")


def _check_ctes(query: exp.Query, path: str) -> None:
    """Names are unique, none names itself, and all that is read together is bounded."""
    ctes = list(query.find_all(exp.CTE))
    names = {cte.alias for cte in ctes}
    if len(names) < len(ctes):
        raise Invalid(path, "expected a name of its own for each table of WITH")
    read: dict[str | None, list[exp.Table]] = {}
    for table in query.find_all(exp.Table):
        around = table.find_ancestor(exp.CTE)
        read.setdefault(around.alias if around else None, []).append(table)
    weights: dict[str | None, int] = {}

    def weight(name: str | None, within: tuple[str | None, ...]) -> int:
        if name in within:
            raise Invalid(path, f"{name} is made from itself")
        if name not in weights:
            tables = read.get(name, [])
            made = [t.name for t in tables if not t.db and t.name in names]
            weights[name] = len(tables) + sum(weight(one, (*within, name)) for one in made)
        if weights[name] > MAX_TABLES:
            raise Invalid(path, f"expected at most {MAX_TABLES} tables in all")
        return weights[name]

    for name in (None, *names):
        weight(name, ())
    selects = sum(1 for _ in query.find_all(exp.Select))
    if selects > MAX_TABLES:
        raise Invalid(path, f"expected at most {MAX_TABLES} SELECTs")
