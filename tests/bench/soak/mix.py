"""What the clients of the soak ask, on all three surfaces, with everything at its largest now and
then: each step is one thing that somebody does."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import quote

from domain.ids import Kind
from domain.offers import PRICE_TYPES
from tests.bench.filling import WORDS
from tests.bench.soak.asking import Answer, Client
from tests.bench.soak.shop import NORMAL, Account, event_body, large_body, picture

TOO_MUCH = frozenset({406})
"""A list without pages that is larger than an answer may be; so says the other vendor."""
WHOLE = quote('{"status":[19001,19002,19003]}')
NOT_THERE = frozenset({404})
NO_KEY = frozenset({401})
TOO_LONG = frozenset({400})
"""A question that takes longer than its time; so says this vendor."""
QUESTIONS = (
    "select id, nameen from tm.event where nameen ilike '%{word}%' and id > {n} order by id",
    "select saleschannelid, count(*) as n from tm.order where id > {n} group by saleschannelid",
    "select tickettypeid, count(*) as n from tm.ticket where orderid > {n} group by tickettypeid",
)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the largest is."""

    tickets: int = 1_000_000
    order: int = 5_000
    crowd: int = 500
    large: int = 900_000
    image: int = 10 * 2**20
    first: int = 160
    """Large Events that are made before anything else, so that caches are full."""


@dataclass(slots=True)
class Buyer:
    """One client of one account."""

    client: Client
    account: Account
    rng: random.Random
    sizes: Sizes
    serial: "count[int]" = field(default_factory=count)

    async def native(
        self, step: str, method: str, path: str, sent: Any = None, **more: Any
    ) -> Answer:
        return await self.client.ask(step, method, f"/v1/{path}", self.account.bearer, sent, **more)

    async def ticketmatic(self, step: str, method: str, path: str, sent: Any = None) -> Answer:
        place = f"/api/1/{self.account.name}/{path}"
        return await self.client.ask(step, method, place, self.account.basic, sent, also=NOT_THERE)

    async def openticket(
        self, step: str, method: str, path: str, token: str = "", **more: Any
    ) -> Answer:
        return await self.client.ask(step, method, f"/{path}", token, **more)

    @property
    def hot(self) -> dict[str, Any]:
        return self.rng.choice(self.account.events)

    @property
    def word(self) -> str:
        return self.rng.choice(WORDS)

    def event(self) -> int:
        """An Event, mostly a small one."""
        known = self.account.small or [event["id"] for event in self.account.events]
        return self.rng.choice([*known])

    def order(self) -> int:
        return self.rng.choice([*self.account.orders]) if self.account.orders else 1


async def buy(b: Buyer) -> None:
    """Takes, confirms, pays; some give back, cancel, or let it lapse."""
    lot = b.rng.choice(b.hot["contingents"])["id"]
    event = next(e["id"] for e in b.account.events if any(c["id"] == lot for c in e["contingents"]))
    take = {"eventid": event, "contingentid": lot, "amount": b.rng.randint(1, 4)}
    keyed = {"Idempotency-Key": f"{id(b)}-{next(b.serial)}"} if b.rng.random() < 0.3 else {}
    order = await b.native(
        "take", "POST", "orders", {"saleschannelid": 2, "take": [take]}, headers=keyed
    )
    if not order.good or (fate := b.rng.random()) < 0.1:
        return
    document = order.json()
    place = f"orders/{document['id']}"
    if fate < 0.2:
        await b.native("cancel", "POST", f"{place}/cancel")
        return
    await b.native("confirm", "POST", f"{place}/confirm")
    await b.native("pay", "POST", f"{place}/payments", {"amount": document["totalamount"]})
    b.account.orders.append(document["id"])
    if fate > 0.9:
        ticket = document["tickets"][0]["id"]
        await b.native("give back", "DELETE", f"{place}/tickets", {"tickets": [ticket]})
        await b.native("refund", "POST", f"{place}/refunds", {"amount": 25})


async def buy_most(b: Buyer) -> None:
    """As many tickets as an order may have; they come back, so there are always enough."""
    event = b.hot
    take = {"eventid": event["id"], "contingentid": event["contingents"][0]["id"]}
    body = {"saleschannelid": 2, "take": [{**take, "amount": b.sizes.order}]}
    order = await b.native("take most", "POST", "orders", body)
    if order.good:
        place = order.headers["location"].removeprefix("/v1/")
        await b.native("get most", "GET", place)
        await b.native("tickets of most", "GET", f"{place}/tickets")
        await b.native("cancel most", "POST", f"{place}/cancel")


async def create(b: Buyer) -> None:
    body = event_body(f"Evening {b.word} {b.word}", 1) | {"currentstatus": 19001}
    body |= {"startts": f"2031-05-01T{b.rng.randrange(20):02}:{b.rng.randrange(60):02}:00Z"}
    event = await b.native("create", "POST", "events", body)
    if event.good:
        number = event.json()["id"]
        lot = {"name": "Floor", "amount": b.rng.randint(10, 300), "price": 20}
        await b.native("add contingent", "POST", f"events/{number}/contingents", lot)
        await b.native("publish", "POST", f"events/{number}/publish")
        b.account.small.append(number)


async def create_large(b: Buyer) -> None:
    event = await b.native("create large", "POST", "events", large_body(b.rng, b.sizes.large))
    if event.good:
        b.account.large.append(int(event.headers["location"].rpartition("/")[2]))


async def edit(b: Buyer) -> None:
    change = {"subtitle": f"{b.word} {next(b.serial)}", "c_note": {"by": b.word}}
    await b.native("edit hot", "PATCH", f"events/{b.hot['id']}", change)
    await b.native("edit", "PATCH", f"events/{b.event()}", change)


async def edit_large(b: Buyer) -> None:
    number = b.rng.choice([*b.account.large] or b.account.crowded)
    await b.native("edit large", "PATCH", f"events/{number}", {"subtitle": b.word})
    crowded = b.rng.choice(b.account.crowded)
    await b.native("edit crowded", "PATCH", f"events/{crowded}", {"info": b.word})


async def read(b: Buyer) -> None:
    event = await b.native("get", "GET", f"events/{b.event()}")
    tag = {"If-None-Match": event.headers.get("etag", '"0"')}
    await b.native("get same", "GET", f"events/{b.event()}", headers=tag)
    await b.native("get order", "GET", f"orders/{b.order()}", also=NOT_THERE)
    await b.native("availability", "GET", f"events/{b.hot['id']}/availability")


async def read_large(b: Buyer) -> None:
    number = b.rng.choice([*b.account.large] or b.account.crowded)
    await b.native("get large", "GET", f"events/{number}")
    await b.native("get crowded", "GET", f"events/{b.rng.choice(b.account.crowded)}")
    await b.native("availability of crowded", "GET", f"events/{b.account.crowded[0]}/availability")


async def listed(b: Buyer) -> None:
    word, limit = b.word, b.rng.choice((10, 50, 200))
    await b.native("search", "GET", f"events?q={word[:3]}&limit={limit}&fields=id,name,startts")
    await b.native("list orders", "GET", f"orders?limit={limit}")
    await b.native("search orders", "GET", f"orders?q={word}&limit=10")
    await b.native("changes", "GET", f"changes?limit={limit}")


async def list_large(b: Buyer) -> None:
    """A page of whole documents, large ones among them."""
    await b.native("list large", "GET", f"events?limit={b.rng.choice((20, 40))}")


async def past(b: Buyer) -> None:
    number, version = b.hot["id"], b.rng.randint(1, 2)
    await b.native("as of", "GET", f"events/{number}?version={version}")
    await b.native("history", "GET", f"events/{number}/history?limit=20")
    await b.native("sales history", "GET", f"events/{number}/history?limit=20&sales=true")
    await b.native("diff", "GET", f"events/{number}/diff?from={version}")
    await b.native("series", "GET", f"events/{number}/availability/series")


async def past_large(b: Buyer) -> None:
    number = b.rng.choice([*b.account.large] or b.account.crowded)
    await b.native("large as of", "GET", f"events/{number}?version=1")
    await b.native("large history", "GET", f"events/{number}/history?limit=20")
    await b.native("crowded history", "GET", f"events/{b.account.crowded[0]}/history?limit=20")


async def question(b: Buyer) -> None:
    text = b.rng.choice(QUESTIONS).format(word=b.word, n=b.rng.randrange(10_000))
    body = {"query": text, "limit": 50}
    place = f"/api/1/{b.account.name}/tools/queries"
    await b.client.ask("question", "POST", place, b.account.basic, body, also=TOO_LONG)


async def upload(b: Buyer) -> None:
    """One of a few pictures: a store need not grow for memory to be used."""
    data = picture(b.sizes.image, b.rng.randrange(4))
    kind = {"Content-Type": "image/png"}
    event = await b.native("upload", "PUT", f"events/{b.event()}/image", data, headers=kind)
    if event.good:
        b.account.images.append(event.json()["image"])


async def download(b: Buyer) -> None:
    if b.account.images:
        await b.openticket("download", "GET", b.rng.choice([*b.account.images])[1:])


async def all_tickets(b: Buyer) -> None:
    await b.native("all tickets", "GET", f"events/{b.account.crowded[0]}/tickets")


async def guess(b: Buyer) -> None:
    token = f"Bearer sb_{b.rng.randbytes(16).hex()}"
    await b.client.ask("guess", "GET", "/v1/events", token, also=NO_KEY)


async def buyers_rule(b: Buyer) -> None:
    """A rule for e-mail addresses that is as dear as it may be, and another every time."""
    parts = "|".join(rf"\w{{1,{b.rng.randint(5, 9)}}}" for _ in range(2))
    body = {"name": "Shop", "email_validation_rule": f"^({parts})@{b.word}{next(b.serial)}"}
    await b.native("rule", "PATCH", "catalog/saleschannels/3", body)


async def shop(b: Buyer) -> None:
    """The storefront, as a visitor without a key, and what the shop's owner reads."""
    place = f"storefront/{b.account.guid(Kind.SALES_CHANNEL, 2)}"
    ticket = b.account.guid(Kind.CONTINGENT, b.hot["contingents"][1]["id"])
    reserved = await b.openticket("reserve", "GET", f"{place}/reserve/ticket/{ticket}")
    if reserved.good:
        mail = f"{b.word}{next(b.serial)}@example.org"
        tickets = [{"guid": ticket, "reservation": reserved.json()["guid"]}]
        body = {"receiver": {"email": mail, "firstname": b.word}, "tickets": tickets}
        await b.openticket("order", "POST", f"{place}/order", sent=body)
    event = b.account.guid(Kind.EVENT, b.hot["id"])
    await b.openticket("shop's event", "GET", f"event/{event}", b.account.bearer)


async def shop_lists(b: Buyer) -> None:
    place = f"storefront/{b.account.guid(Kind.SALES_CHANNEL, 2)}"
    await b.openticket("storefront", "GET", f"{place}/data")
    await b.openticket("shop's events", "GET", "event", b.account.bearer, also=TOO_MUCH)
    orders = f"shop/{b.account.guid(Kind.SALES_CHANNEL, 2)}/orders"
    await b.openticket("shop's orders", "GET", orders, b.account.bearer)


async def partner(b: Buyer) -> None:
    """What a website does through the other vendor's client."""
    await b.ticketmatic("partner's events", "GET", f"events?simplefilter={WHOLE}&limit=20")
    await b.ticketmatic("partner's event", "GET", f"events/{b.event()}")
    order = await b.ticketmatic("partner's order", "POST", "orders", {"saleschannelid": 2})
    if order.good:
        place, price = (
            f"orders/{order.json()['orderid']}",
            b.hot["contingents"][0]["id"] * PRICE_TYPES + NORMAL,
        )
        tickets = {"tickets": [{"tickettypepriceid": price}] * 2}
        await b.ticketmatic("partner's tickets", "POST", f"{place}/tickets", tickets)
        await b.ticketmatic("partner confirms", "POST", place)
    await b.ticketmatic("partner's search", "GET", f"orders?searchterm={b.word}&limit=10")


Step = Callable[[Buyer], Awaitable[None]]
STEPS: dict[Step, float] = {
    buy: 20,
    buy_most: 1,
    create: 4,
    create_large: 1,
    edit: 5,
    edit_large: 1,
    read: 10,
    read_large: 1,
    listed: 5,
    list_large: 0.5,
    past: 3,
    past_large: 0.5,
    question: 3,
    upload: 0.5,
    download: 0.5,
    all_tickets: 0.3,
    guess: 3,
    buyers_rule: 1,
    shop: 4,
    shop_lists: 1,
    partner: 4,
}
"""How often each is done."""
