"""What every command begins with: the settings, and a Stagebook that is opened for it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from adapters.bootstrap import Stagebook
    from adapters.settings import Settings
    from application.keyring import Keyring
    from application.ports import Store

# What a command does not need is not imported for it: half of its time would be that.

FACTS_GONE = (
    "put a copy of the facts back, or import an export;"
    " to begin with an empty store, start once with STAGEBOOK_LOST_STORE=begin"
)
PREFIX_OF_PYDANTIC = "Value error, "

_speaks_json: list[bool] = []
"""Filled in a process of a service: what stops it is a line of the log."""


@contextmanager
def opened(
    settings: "Settings | None" = None, *, writing: bool = False, make: bool = False
) -> Iterator["Stagebook"]:
    """A Stagebook for one command; refusals end it with their reason and exit code 1. Where there
    is no store, only who says `make` gets an empty one."""
    import gc
    from concurrent.futures.process import BrokenProcessPool

    from adapters.bootstrap import GC_THRESHOLDS, bootstrap
    from adapters.views.served_files import ViewDamaged
    from projections.base import BeingRebuilt, ViewMoved
    from projections.rebuilding import NoWayBack

    settings = settings or configured()
    gc.set_threshold(*GC_THRESHOLDS)
    with _refusing(settings), ExitStack() as stack:
        book = bootstrap(settings, make=make)
        stack.callback(book.close)
        if writing:
            book.start_writer()
        try:
            yield book
        except (BeingRebuilt, NoWayBack, ViewDamaged) as error:
            fail(str(error))
        except ViewMoved:
            fail("the view never stood still for long enough: try again")
        except BrokenProcessPool:
            fail("a process of the rebuild has died; run it again, it goes on")


@contextmanager
def opened_store(
    *, make: bool = False, filling: bool = False
) -> Iterator[tuple["Store", "Keyring"]]:
    """The store and the keys alone: no view is opened, and no secret of a signing key. It may have
    lost its facts where they are `filling` it."""
    from adapters.stores.opening import open_store
    from application.keyring import Keyring

    settings = configured()
    with _refusing(settings), ExitStack() as stack:
        store = open_store(settings, make=make, filling=filling)
        stack.callback(store.close)
        yield store, Keyring(store)


@contextmanager
def _refusing(settings: "Settings") -> Iterator[None]:
    from adapters.stores.opening import NoStore, StoreLost
    from application.ports import StoreDamaged, StoreUnavailable
    from domain.errors import Refusal

    try:
        yield
    except Refusal as refusal:
        fail(refusal.detail)
    except StoreLost as error:
        fail(f"STAGEBOOK_STORE: {error}; {FACTS_GONE}")
    except NoStore as error:
        fail(f"STAGEBOOK_STORE: {error}; serve, keys add and import make one")
    except StoreDamaged as error:
        fail(f"STAGEBOOK_STORE: the store {settings.place} cannot be used: {error}")
    except StoreUnavailable as error:
        fail(f"STAGEBOOK_STORE: the store {settings.place} is unavailable: {error}")


def require_undamaged(book: "Stagebook") -> None:
    """Before anything is served: a damaged index hides facts, and nothing else would tell."""
    mode = book.settings.check_at_start
    found = [] if mode == "never" else book.store.defects(quickly=mode == "auto")
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        go_on = "to serve it all the same: STAGEBOOK_CHECK_AT_START=never"
        fail(f"the store is damaged: {found[0]}{more}; for the remedy: stagebook check; {go_on}")


def prepare_views(book: "Stagebook") -> None:
    """Before anything is served: views of another version or another history are rebuilt, or end
    the command, as the settings say."""
    if book.settings.outdated_views == "refuse" and (outdated := book.outdated()):
        names = " ".join(projection.name for projection in outdated)
        what = "another version has made these views, or they are damaged"
        fail(f"{what}; to go on: stagebook rebuild {names}")
    if book.settings.foreign_views == "refuse":
        if foreign := book.foreign():
            told = "; ".join(f"{name}: {why}" for name, why in foreign.items())
            names = " ".join(foreign)
            fail(f"views of another history ({told}); to go on: stagebook rebuild {names}")
        if outbox := book.foreign_outbox():
            what = f"webhook deliveries of another history ({outbox.reason})"
            fail(f"{what}; to set them aside, start once with STAGEBOOK_FOREIGN_VIEWS=rebuild")
    book.settle()


def configured(*, serving: bool = False, **options: object) -> "Settings":
    """The settings of the environment, with options over them. A server that is `serving` tells of
    unknown ones in its log."""
    from pydantic import ValidationError

    from adapters import logs
    from adapters.settings import Settings, unknown

    given = {name: value for name, value in options.items() if value is not None}
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = (_problem(e["loc"], e["msg"]) for e in error.errors())
        fail("; ".join(problems))
    logs.configure(settings.log_level, serving=serving or speaks_json())
    if not serving and not speaks_json():
        for line in unknown(os.environ):
            typer.echo(f"stagebook: {line}", err=True)
    return settings


def _problem(place: tuple[int | str, ...], message: str) -> str:
    return f"STAGEBOOK_{place[0]}".upper() + f": {message.removeprefix(PREFIX_OF_PYDANTIC)}"


def speak_json() -> None:
    """In a process that a server has started, whatever is told is a line of its log."""
    from adapters import logs

    logs.configure("info", serving=True)
    _speaks_json[:] = [True]


def speaks_json() -> bool:
    return bool(_speaks_json)


def fail(message: str) -> NoReturn:
    if speaks_json():
        from structlog import get_logger

        get_logger().error(message)
    else:
        typer.echo(f"stagebook: {message}", err=True)
    raise typer.Exit(1)
