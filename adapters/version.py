"""Which version of Stagebook this is: what the package says that is installed."""

from functools import cache


@cache
def version() -> str:
    from importlib.metadata import version as installed  # noqa: PLC0415 - slow, and seldom asked

    return installed("stagebook")
