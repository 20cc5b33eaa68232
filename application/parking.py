"""The command on a document that a fact could not be folded into."""

from collections.abc import Callable

from application.keyring import REGISTRY_ID
from application.ports import Recorded
from application.unit_of_work import UnitOfWork
from domain.registry import Registry, Stopped


def discarding(recorded: Recorded, stopped: Stopped) -> Callable[[UnitOfWork], None]:
    """Skips that fact for that document, for good. The reason is the cause's."""

    def decide(work: UnitOfWork) -> None:
        registry = work.load_id(Registry, REGISTRY_ID)
        registry.discard(recorded.fact, recorded.position, stopped, work.metadata)

    return decide
