"""The kinds of values that questions are about, by their names in PostgreSQL."""

SMALL, INTEGER, BIGINT = "smallint", "integer", "bigint"
NUMERIC, DOUBLE = "numeric", "double precision"
TEXT, BOOLEAN, MOMENT, DAY, SPAN, JSON, ROW = (
    "text", "boolean", "timestamp with time zone", "date", "interval", "json", "record",
)  # fmt: skip
UNKNOWN = "unknown"
INTEGERS = (SMALL, INTEGER, BIGINT)
NUMBERS = (*INTEGERS, NUMERIC, DOUBLE)
"""Each is as wide as those before it."""
TIMES = (DAY, MOMENT)
LARGEST = {SMALL: 2**15 - 1, INTEGER: 2**31 - 1, BIGINT: 2**63 - 1}
