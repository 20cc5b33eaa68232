"""What every command begins with: the settings, and a Stagebook that is opened for it."""

import gc
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import NoReturn

import typer
from pydantic import ValidationError

from adapters import logs
from adapters.bootstrap import GC_THRESHOLDS, Stagebook, bootstrap
from adapters.settings import Settings
from application.ports import StoreUnavailable
from domain.errors import Refusal
from projections.base import BeingRebuilt, ViewMoved
from projections.rebuilding import NoWayBack


@contextmanager
def opened(store: str | None = None, *, writing: bool = False) -> Iterator[Stagebook]:
    """A Stagebook for one command; refusals end it with their reason and exit code 1."""
    book = None
    try:
        settings = configured(store=store)
        gc.set_threshold(*GC_THRESHOLDS)
        book = bootstrap(settings)
        if writing:
            book.start_writer()
        yield book
    except Refusal as refusal:
        fail(refusal.detail)
    except (BeingRebuilt, NoWayBack) as error:
        fail(str(error))
    except ViewMoved:
        fail("the view never stood still for long enough: try again")
    except BrokenProcessPool:
        fail("a process of the rebuild has died; run it again, it goes on")
    except StoreUnavailable as error:
        fail(f"the store is unavailable: {error}")
    finally:
        if book:
            book.close()


def refuse_outdated(book: Stagebook) -> None:
    """Ends the command where views of another version are not to be rebuilt at the start."""
    if book.settings.outdated_views == "refuse" and (outdated := book.outdated()):
        names = " ".join(projection.name for projection in outdated)
        fail(f"another version has made these views; to go on: stagebook rebuild {names}")


def configured(**options: object) -> Settings:
    """The settings of the environment, with options over them."""
    try:
        settings = Settings(**{k: v for k, v in options.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = (f"STAGEBOOK_{e['loc'][0]}".upper() + f": {e['msg']}" for e in error.errors())
        fail("; ".join(problems))
    logs.configure(settings.log_level)
    return settings


def fail(message: str) -> NoReturn:
    typer.echo(f"stagebook: {message}", err=True)
    raise typer.Exit(1)
