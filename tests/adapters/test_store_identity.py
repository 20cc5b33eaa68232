"""A store's id and epoch: when an epoch begins, and what a process does that lost its store."""

import shutil
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from adapters.bootstrap import bootstrap
from adapters.settings import Settings
from application.locations import create_location
from application.ports import StoreReplaced
from domain.location import LocationFields
from tests.adapters.test_put_back_stores import NUMBER, add, copied, opened
from tests.copies import Copy

__all__ = ["copied"]


def identity(settings: Settings) -> tuple[str, int]:
    with opened(settings) as book:
        return book.identity


def test_an_older_copy_begins_a_later_epoch_of_the_same_store(
    settings: Settings, copied: Callable[[Settings], Copy]
) -> None:
    add(settings, "Hall")
    copy = copied(settings)
    add(settings, "Lost")
    before = identity(settings)

    copy.put_back()

    after = identity(settings)
    assert after[0] == before[0]
    assert after[1] > before[1]
    assert identity(settings) == after


def test_a_copy_of_an_earlier_epoch_does_not_go_back_to_it(
    settings: Settings, tmp_path: Path
) -> None:
    add(settings, "Hall")
    copy = Copy(settings, tmp_path / "copy", "everything")
    with closing(bootstrap(settings)) as book:
        book.begin_epoch("the tests ask for it")
        later = book.identity

        copy.put_back()
        assert book.continuity.look()

    with closing(bootstrap(settings)) as book:
        assert book.identity.id == later.id
        assert book.identity.epoch > later.epoch


def test_views_of_another_store_begin_no_epoch(tmp_path: Path) -> None:
    one, other = (Settings(store=str(tmp_path / name)) for name in ("one", "other"))
    add(one, "Hall")
    add(other, "Club", "Bar", "Roof")
    before = identity(one)
    shutil.rmtree(one.folder / "views")
    shutil.copytree(other.folder / "views", one.folder / "views")

    assert identity(one) == before


def test_a_process_whose_store_has_lost_facts_appends_nothing_and_says_so(
    settings: Settings, copied: Callable[[Settings], Copy]
) -> None:
    add(settings, "Hall")
    copy = copied(settings)
    with closing(bootstrap(settings)) as book:
        book.start_writer()
        first = book.identity

        def create(name: str) -> None:
            body = LocationFields(name=name)
            book.execute(partial(create_location, fields=body), account=NUMBER, actor="ann")

        create("Lost")
        assert book.continuity.look() is None
        copy.put_back()

        with pytest.raises(StoreReplaced):
            create("Never")
        assert book.continuity.look()
        assert book.continuity.broken
    with closing(bootstrap(settings)) as book:
        assert book.identity.epoch > first.epoch
