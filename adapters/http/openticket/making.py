"""Making routes: create paths take PUT like POST, and the words of a list stand before guids."""

from collections.abc import Callable, Iterable, Sequence
from inspect import signature
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from adapters.http.errors import Blocked
from adapters.http.openticket.spec import answers
from domain.ids import Kind, guid

Endpoint = Callable[..., Any]


def many(model: Any) -> Any:
    """A list of them."""
    return list[model]


def creates(
    router: APIRouter,
    path: str,
    name: str,
    model: type[BaseModel],
    fields: Iterable[str],
    needs: tuple[str, ...],
) -> Callable[[Endpoint], Endpoint]:
    """A create path, by whichever method. `needs`: what the body has to have of its fields."""

    def made(endpoint: Endpoint) -> Endpoint:
        router.post(path, name=name, **answers(model, fields=tuple(fields), needs=needs))(endpoint)
        router.put(path, name=f"{name}_put", include_in_schema=False, response_model=None)(endpoint)
        return endpoint

    return made


def words(
    router: APIRouter, path: str, name: str, model: Any, *those: str
) -> Callable[[Endpoint], Endpoint]:
    """A list at a path, and one for each word behind it; the first word is what it is without."""

    def made(endpoint: Endpoint) -> Endpoint:
        for word in ("", *those):
            router.get(
                f"{path}/{word}" if word else path,
                name=f"{name}_{word}" if word else name,
                description=endpoint.__doc__,
                **answers(many(model)),
            )(_of(endpoint, word or those[0]))
        return endpoint

    return made


def _of(endpoint: Endpoint, word: str) -> Endpoint:
    """The endpoint for one word, which is no parameter any more."""

    async def listed(*args: Any, **path: Any) -> Any:
        return await endpoint(*args, word=word, **path)

    taken = signature(endpoint)
    rest = [parameter for name, parameter in taken.parameters.items() if name != "word"]
    listed.__signature__ = taken.replace(parameters=rest)  # type: ignore[attr-defined] # inspect's
    return listed


def blocked(what: str, account: int, found: Sequence[tuple[Kind, int]]) -> Blocked:
    """Refuses to delete what others need, and says which."""
    by = [
        {"resource": RESOURCE[kind], "guid": str(guid(account, kind, number))}
        for kind, number in found[:100]
    ]
    message = f"the {what} is still needed by {len(found)} others: delete or detach them first"
    return Blocked(message, blocked_by=by, count=len(found))


RESOURCE = {
    Kind.EVENT: "event",
    Kind.DATE: "eventDate",
    Kind.CONTINGENT: "ticket",
    Kind.SALES_CHANNEL: "shop",
}
