"""`/users/me`: who is calling, by the three names that clients ask for it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from adapters.http.auth import Permission, stagebook
from adapters.http.openticket.documents import company_id, stamps
from adapters.http.openticket.models import User, shaped
from adapters.http.openticket.spec import answers
from adapters.http.openticket.wire import OpenTicketRoute, caller, json_response
from domain.ids import Kind, guid

router = APIRouter(tags=["OpenTicket"], route_class=OpenTicketRoute)


async def me(request: Request) -> Response:
    """The key that is calling."""
    principal = caller(request, Permission.READ)
    (key,) = (k for k in stagebook(request).keyring.every_key() if k["id"] == principal.key)
    company = company_id(principal.account)
    shown = {
        "guid": str(guid(key["account"], Kind.REGISTRY, principal.key + 1)),  # 1 is the company
        "default_company_id": company,
        "whitelabel_id": None,
        "name": principal.actor,
        "email": None,
        "phone": None,
        **stamps(key["createdts"], key["createdts"], principal.timezone),
    }
    return json_response(shaped(User, shown))


for path in ("/users/me", "/user/me", "/me"):
    router.get(path, name=f"ot{path.replace('/', '_')}", **answers(User))(me)
