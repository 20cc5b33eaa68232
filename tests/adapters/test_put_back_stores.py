"""Stores that were put back, emptied, exchanged or cut: nothing of another history is served."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from adapters.bootstrap import LOCATIONS, PROJECTIONS, Stagebook, bootstrap
from adapters.check import faults
from adapters.settings import Settings
from application.locations import create_location
from domain.ids import Kind, account_number, key
from domain.location import LocationFields
from projections.lineage import stranger
from projections.rebuilding import NoWayBack, rebuild, roll_back
from tests.conftest import ACCOUNT, add_keys
from tests.copies import Copy

NUMBER = account_number(ACCOUNT)


@contextmanager
def opened(settings: Settings) -> Iterator[Stagebook]:
    with closing(bootstrap(settings)) as book:
        book.start()
        assert book.catch_up(20)
        yield book


def add(settings: Settings, *names: str) -> None:
    with opened(settings) as book:
        if not book.keyring.account(ACCOUNT):
            add_keys(book)
        for name in names:
            body = LocationFields(name=name)
            book.execute(partial(create_location, fields=body), account=NUMBER, actor="ann")
        assert book.catch_up(20)


def names(settings: Settings) -> list[str]:
    """What is served after a start."""
    with opened(settings) as book:
        view, shown = book.view(LOCATIONS), list[str]()
        for number in range(1, 20):
            if document := view.document(key(NUMBER, Kind.LOCATION, number)):
                shown.append(document[0].decode().partition('"name":"')[2].partition('"')[0])
        assert list(faults(book)) == []
    return shown


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Settings], Copy]:
    return lambda settings: Copy(settings, tmp_path / "copy")


def test_an_older_copy_shows_nothing_that_came_after_it(
    settings: Settings, copied: Callable[[Settings], Copy]
) -> None:
    add(settings, "Hall")
    copy = copied(settings)
    add(settings, "Lost", "Lost too")

    copy.put_back()

    assert names(settings) == ["Hall"]


def test_an_older_copy_that_went_on_shows_its_own_facts_under_the_numbers_of_lost_ones(
    settings: Settings, copied: Callable[[Settings], Copy]
) -> None:
    add(settings, "Hall")
    copy = copied(settings)
    add(settings, "Lost", "Lost too")
    copy.put_back()
    with closing(bootstrap(settings)) as book:  # without a worker, past where the views stand
        book.start_writer()
        for name in ("New", "Newer", "Newest"):
            body = LocationFields(name=name)
            book.execute(partial(create_location, fields=body), account=NUMBER, actor="ann")
        assert {*book.foreign()} == {projection.name for projection in PROJECTIONS}
        assert any("of another history" in fault for fault in faults(book))

    assert names(settings) == ["Hall", "New", "Newer", "Newest"]


def test_an_emptied_store_serves_nothing(
    settings: Settings, copied: Callable[[Settings], Copy]
) -> None:
    bootstrap(settings).close()
    empty = copied(settings)
    add(settings, "Hall", "Garden")

    empty.put_back()

    assert names(settings.model_copy(update={"lost_store": "begin"})) == []
    add(settings, "New")
    assert names(settings) == ["New"]


def test_views_of_another_store_are_not_served(tmp_path: Path) -> None:
    one, other = (Settings(store=str(tmp_path / name)) for name in ("one", "other"))
    add(one, "Hall")
    add(other, "Club")
    shutil.rmtree(one.folder / "views")
    shutil.copytree(other.folder / "views", one.folder / "views")

    assert names(one) == ["Hall"]


def test_a_way_back_to_another_history_is_none(
    settings: Settings, copied: Callable[[Settings], Copy]
) -> None:
    add(settings, "Hall")
    copy = copied(settings)
    add(settings, "Lost")
    copy.put_back()
    with closing(bootstrap(settings)) as book:
        rebuild(LOCATIONS, book.store, book.views, lambda *_: None)
        assert LOCATIONS.name not in book.foreign()

        with pytest.raises(NoWayBack):
            roll_back(LOCATIONS, book.store, book.views)


def test_views_of_the_same_history_stay(settings: Settings) -> None:
    add(settings, "Hall")
    with opened(settings) as book:
        before = [book.views.live(projection).generation for projection in PROJECTIONS]
        rebuild(LOCATIONS, book.store, book.views, lambda *_: None)
        position, mark = book.views.live(LOCATIONS).lineage()
        assert mark
        assert stranger(book.store, position, mark) is None
        assert stranger(book.store, position, "another")
        assert stranger(book.store, position + 1, None)
        assert book.foreign() == {}
    with opened(settings) as book:
        after = [book.views.live(projection).generation for projection in PROJECTIONS]
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
