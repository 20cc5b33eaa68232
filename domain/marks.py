"""Marks on the types of fields, where they are declared: what may not leave as it is stored.

`domain.outside` reads them and shows values accordingly, in facts, in histories and in documents.
"""

from enum import Enum
from typing import Annotated, TypeVar

T = TypeVar("T")


class Mark(Enum):
    """What is special about a value."""

    MINOR = "minor units"
    """An integer in the currency's smallest unit: shown as a number of the currency."""
    PERSONAL = "personal"
    """It says who somebody is, or lets somebody in: shown to those who sell."""
    OF_KIND = "fields of a kind"
    """The fields of a thing of the catalog: each as its kind declares it."""


Minor = Annotated[int, Mark.MINOR]
Personal = Annotated[T, Mark.PERSONAL]
"""`Personal[str] | None`: a text that is personal when there is one."""
