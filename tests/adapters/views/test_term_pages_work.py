"""A page of what many documents share is read without passing by other documents."""

from contextlib import closing
from pathlib import Path

from adapters.views.select import FEW, Select
from adapters.views.sqlite import SqliteView, SqliteViews
from domain.ids import Kind, key
from projections.base import Row
from projections.orders import Orders
from tests.spec import ACCOUNT

MANY = FEW + 100


def filled(view: SqliteView) -> None:
    """Orders of Event 1, and behind them as many of Event 2."""
    rows = []
    for number in range(1, 2 * MANY + 1):
        event = 1 if number <= MANY else 2
        columns = (number, 21002, 1, None, 0, number, number, None)
        at = key(ACCOUNT, Kind.ORDER, number)
        rows.append(Row(at, ACCOUNT, b"{}", b"%d" % number, '"1"', columns, (f"event:{event}",)))
    view.commit(rows, (), 0, 1)


def steps(view: SqliteView, select: Select) -> int:
    """Tens of steps that the database takes for a page; its count is known already."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    view.page(select)
    with view.reading() as c:
        c.connection.set_progress_handler(step, 10)  # type: ignore[attr-defined]
    view.page(select)
    with view.reading() as c:
        c.connection.set_progress_handler(None, 0)  # type: ignore[attr-defined]
    return taken


def test_the_last_ones_cost_what_the_first_ones_cost(tmp_path: Path) -> None:
    orders = Orders()
    with closing(SqliteViews(tmp_path / "views", [orders])) as views:
        view = views.live(orders)
        filled(view)

        first = steps(view, Select(ACCOUNT, exact=("event:1",), limit=20))
        last = steps(view, Select(ACCOUNT, exact=("event:2",), limit=20))
        middle = steps(view, Select(ACCOUNT, exact=("event:2",), limit=20, after=(MANY * 3 // 2,)))

    assert 0 < last < first * 1.5
    assert middle < first * 1.5
