"""What users read has the right plural."""

from domain.errors import SoldOut
from domain.stock import sold_out
from domain.wording import counted


def test_one_is_not_many() -> None:
    assert [counted(n, "ticket") for n in (0, 1, 2)] == ["0 tickets", "1 ticket", "2 tickets"]


def test_a_refusal_of_one_ticket_speaks_of_one() -> None:
    refusal = sold_out("contingent", 1, 0)
    assert isinstance(refusal, SoldOut)
    assert refusal.detail == "1 ticket asked for, 0 left (contingent)"
