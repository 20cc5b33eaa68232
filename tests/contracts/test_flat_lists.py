"""What a list costs does not grow with the documents that it does not show, on both databases."""

from dataclasses import replace

from adapters.views.select import FEW, Select
from adapters.views.sql import SqlView
from domain.ids import Kind, key
from projections.base import Row
from projections.orders import Orders
from tests.contracts.conftest import Place
from tests.spec import ACCOUNT

MANY = FEW + 200


def filled(view: SqlView) -> SqlView:
    """Orders of Event 1 and a few of Event 2; every hundredth is archived."""
    rows = []
    for number in range(1, MANY + 1):
        status = 21003 if number % 100 == 0 else 21002
        event = 2 if number % 400 == 0 else 1
        columns = (number, status, 1, None, 0, MANY - number, number, None)
        terms = (f"event:{event}", "word:live")
        body = b"%d" % number
        at = key(ACCOUNT, Kind.ORDER, number)
        rows.append(Row(at, ACCOUNT, b"{}", body, '"1"', columns, terms))
    view.commit(rows, (), 0, 1)
    return view


def shown(view: SqlView, select: Select) -> tuple[list[int], int]:
    page = view.page(select)
    return [int(body) for body in page.bodies], page.total


def test_lists_of_many_and_of_few_show_the_same_as_any(place: Place) -> None:
    orders = Orders()
    view = filled(place.views(orders).live(orders))
    of = [n for n in range(1, MANY + 1) if n % 400]
    few = [n for n in range(1, MANY + 1) if n % 400 == 0]
    archived = [n for n in range(1, MANY + 1) if n % 100 == 0]

    assert shown(view, Select(ACCOUNT, exact=("event:1",), limit=3)) == (of[:3], len(of))
    assert shown(view, Select(ACCOUNT, exact=("event:1",), limit=3, after=(of[-3],))) == (
        of[-2:],
        len(of),
    )
    assert shown(view, Select(ACCOUNT, exact=("event:2",))) == (few, len(few))
    assert shown(view, Select(ACCOUNT, exact=("event:2",), descending=True, limit=1)) == (
        few[-1:],
        len(few),
    )
    assert shown(view, Select(ACCOUNT + 1, exact=("event:2",))) == ([], 0)
    state = ("status", "in", (21003,))
    assert shown(view, Select(ACCOUNT, (state,))) == (archived, len(archived))
    assert shown(view, Select(ACCOUNT, (state,), exact=("event:2",))) == (few, len(few))
    assert shown(view, Select(ACCOUNT, (state,), ("word:li",), ("event:2",))) == (few, len(few))
    by_time = Select(ACCOUNT, (("status", "in", (21001, 21002)),), order="created", limit=2)
    others = [n for n in range(MANY, 0, -1) if n % 100]
    assert shown(view, by_time) == (others[:2], len(others))


def test_pages_of_what_many_share_go_on_in_either_order(place: Place) -> None:
    orders = Orders()
    view = filled(place.views(orders).live(orders))
    of = [n for n in range(1, MANY + 1) if n % 400]
    archived = [n for n in of if n % 100 == 0]
    many = Select(ACCOUNT, exact=("event:1",), limit=2)
    last = replace(many, descending=True)
    state = (("status", "in", (21003,)),)

    assert shown(view, replace(many, after=(399,))) == ([401, 402], len(of))
    assert shown(view, replace(many, after=(400,))) == ([401, 402], len(of))
    assert shown(view, replace(many, after=(0,))) == ([1, 2], len(of))
    assert shown(view, replace(many, after=(MANY,))) == ([], len(of))
    assert shown(view, replace(many, offset=399)) == ([401, 402], len(of))
    assert shown(view, last) == (of[:-3:-1], len(of))
    assert shown(view, replace(last, after=(401,))) == ([399, 398], len(of))
    assert shown(view, replace(last, after=(MANY + 9,))) == (of[:-3:-1], len(of))
    assert shown(view, replace(last, after=(1,))) == ([], len(of))
    assert shown(view, replace(many, where=state, after=(200,))) == ([300, 500], len(archived))
    assert shown(view, replace(last, where=state, after=(500,))) == ([300, 200], len(archived))


def test_a_count_by_a_term_looks_at_no_document() -> None:
    assert "documents" not in Select(ACCOUNT, exact=("event:1",)).count("documents", "terms")[0]
    both = Select(ACCOUNT, (("status", "=", 1),), exact=("event:1",))
    assert "documents" in both.count("documents", "terms")[0]
