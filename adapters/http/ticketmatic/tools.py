"""Who is calling, what time it is: `tools/account`, `/_/tools/accounts`, `diagnostics/time`."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.responses import Response

from adapters.http.auth import Permission
from adapters.http.ticketmatic.signing import ALL_ACCOUNTS, caller, signing_key
from adapters.http.ticketmatic.spec import Account, answers
from adapters.http.ticketmatic.wire import PREFIX, TicketmaticRoute, json_response
from application.keyring import Principal
from domain.values import stamp

router = APIRouter(prefix=PREFIX, tags=["Ticketmatic"], route_class=TicketmaticRoute)


class AccountInfo(BaseModel):
    """An account that the key is of."""

    id: int = Field(description="Its number")
    name: str = Field(description="Its name")
    shortname: str = Field(description="Its name, as it stands in paths")
    languages: list[str] = Field(description="Its base language")
    currency: str = Field(description="Its currency, of ISO 4217")
    timezone: str = Field(description="Its time zone")


class Time(BaseModel):
    """What time it is here."""

    systemtime: str = Field(description="UTC")


def account_info(principal: Principal) -> dict[str, object]:
    return {
        "id": principal.account,
        "name": principal.account_name,
        "shortname": principal.account_name,
        "languages": [principal.language],
        "currency": principal.currency,
        "timezone": principal.timezone,
    }


@router.get("/{accountname}/tools/account", name="tm_account", **answers(AccountInfo))
async def account(request: Request, accountname: Account) -> Response:
    """The account."""
    principal = caller(request, accountname, Permission.READ)
    return json_response(to_json(account_info(principal)))


@router.get("//tools/accounts", include_in_schema=False)
@router.get("/_/tools/accounts", name="tm_accounts", **answers(list[AccountInfo]))
async def accounts(request: Request) -> Response:
    """All accounts of the key. What is signed is the empty account."""
    key = signing_key(request, ALL_ACCOUNTS)
    return json_response(
        to_json([account_info(principal) for principal in key.principals.values()])
    )


@router.get("/{accountname}/diagnostics/time", name="tm_time", **answers(Time, public=True))
async def time(request: Request, accountname: Account) -> Response:  # noqa: ARG001 - every route of the surface takes them
    """The time in UTC; the one call that needs no key."""
    return json_response(to_json({"systemtime": stamp(datetime.now(UTC))}))
