"""The configuration: environment variables `STAGEBOOK_*`, read once, frozen."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.webhooks.egress import HostAllowlist
from application.group_commit import CACHED_BYTES
from application.quotas import LIMITS
from domain.money import DEFAULT_CURRENCY, Currency
from domain.registry import DEFAULT_TIMEZONE
from domain.values import TimeZone

PREFIX = "STAGEBOOK_"
POSTGRES = ("postgresql://", "postgres://")
ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+", re.IGNORECASE | re.ASCII)
ONE_RATE = r"[1-9]\d{0,8}/([1-9]\d{0,4} )?(second|minute|hour|day)s?"
RATE = rf"^({ONE_RATE}(; ?{ONE_RATE})*)?$"
URL = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE | re.ASCII)


def store_place(setting: str) -> str:
    """A folder or the URL of a database; what looks like another URL is no folder."""
    if not setting.strip() or "\0" in setting:
        raise ValueError("expected a folder, or postgresql://…")
    if URL.match(setting) and not setting.startswith(POSTGRES):
        raise ValueError(f"expected a folder, or postgresql://…, not {setting.partition(':')[0]}:")
    return setting


def small_letters(setting: Any) -> Any:
    return setting.lower() if isinstance(setting, str) else setting


def known_origins(setting: str) -> str:
    for origin in filter(None, map(str.strip, setting.split(","))):
        if origin != "*" and not ORIGIN.fullmatch(origin):
            raise ValueError(f"expected origins such as https://shop.example, not {origin[:60]}")
    return setting


def allowed_hosts(setting: str) -> str:
    HostAllowlist(setting)
    return setting


def quota(name: str) -> Any:
    """The setting of a quota."""
    what, default = LIMITS[name]
    return Field(default, ge=0, description=f"Most {what} of an account; 0: any number.")


class Settings(BaseSettings):
    """Every setting, with its default. The only reader of the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    store: Annotated[str, AfterValidator(store_place)] = Field(
        "./data",
        description="A folder for SQLite, or a `postgresql://…` URL (14 or later), of several"
        " hosts, too.",
    )
    host: str = Field("127.0.0.1", description="Address that the server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the server listens on.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")
    serve_worker: bool = Field(
        True,
        description="Whether `serve` starts a worker; if not, `stagebook work` runs apart.",
    )
    worker_seconds: float = Field(
        30.0,
        ge=1,
        description="Seconds without a sign of life after which the worker's process is replaced.",
    )
    rebuilds_at_a_time: int = Field(
        1,
        ge=1,
        le=16,
        description="Views of a store that are rebuilt at a time because an operator asked for it;"
        " the others wait in line.",
    )
    language: str = Field(
        "en", pattern=r"^[a-z]{2}$", description="Base language of accounts that are opened."
    )
    currency: Currency = Field(
        DEFAULT_CURRENCY, description="Currency of accounts that are opened, of ISO 4217."
    )
    timezone: TimeZone = Field(
        DEFAULT_TIMEZONE,
        description="Time zone of accounts that are opened: of times without an offset.",
    )
    secret_key: str | None = Field(
        None, min_length=32, description="What secrets of signing keys are sealed with."
    )
    secret_key_file: str | None = Field(
        None,
        description="A file with that, made when it is first needed; `secret.key` in the folder"
        " of an SQLite store when neither is set.",
    )
    cached_bytes: int = Field(
        CACHED_BYTES,
        ge=0,
        description="Bytes of aggregates that a writer keeps in memory; where they are more, the"
        " accounts that hold most give back the longest unused of theirs.",
    )
    quota_bytes: int = quota("bytes")
    quota_events: int = quota("events")
    quota_locations: int = quota("locations")
    quota_catalog: int = quota("catalog")
    quota_orders: int = quota("orders")
    quota_webhooks: int = quota("webhooks")
    quota_keys: int = quota("keys")
    basket_seconds: int = Field(
        1_200, ge=1, description="Seconds that an unconfirmed order is held after its last action."
    )
    basket_cap_seconds: int = Field(
        7_200, ge=1, description="Seconds that an unconfirmed order is held at most, in all."
    )
    view_wait: float = Field(
        2.0, ge=0, le=60, description="Seconds that a read waits for its view."
    )
    reads_waiting: int = Field(
        200, ge=1, description="Reads of one account that may wait for a server process."
    )
    max_connections: int = Field(
        0, ge=0, description="Connections of a server process; 0: as many as files may be open."
    )
    connections_per_address: int = Field(
        500,
        ge=0,
        description="Connections of one address (IPv6: of its /64) to a server process; 0: any"
        " number.",
    )
    proxies: str = Field(
        "127.0.0.1,::1",
        description="Addresses or networks that stand for many, with commas between: proxies in"
        " front. What they say in `X-Forwarded-For` is believed, and nobody else.",
    )
    streams_per_account: int = Field(
        1_000,
        ge=0,
        description="Streams of changes that one account follows at a server process; 0: any"
        " number.",
    )
    rate_without_key: str = Field(
        "1000/10 seconds",
        pattern=RATE,
        description="Requests of one address (IPv6: of its /64) without a key that is known, to a"
        " server process, also to storefronts; several with `;` between; empty: any number.",
    )
    rate_of_key: str = Field(
        "200000/10 seconds",
        pattern=RATE,
        description="Requests of one key to a server process; empty: any number.",
    )
    rate_of_account: str = Field(
        "200000/10 seconds",
        pattern=RATE,
        description="Requests of one account, with its keys or to its storefronts, to a server"
        " process; empty: any number.",
    )
    max_head: int = Field(65_536, ge=1_024, description="Bytes of a request's head.")
    max_target: int = Field(32_768, ge=256, description="Bytes of a request's target.")
    max_fields: int = Field(100, ge=10, description="Fields of a request's head.")
    max_unread: int = Field(
        2**20,
        ge=0,
        description="Bytes of requests that come behind one that is being answered.",
    )
    max_bodies: int = Field(
        64 * 2**20,
        ge=0,
        description="Bytes of bodies that a server process holds at once, one account at most half"
        " of them; 0: any number.",
    )
    head_seconds: float = Field(
        10, ge=0, description="Seconds that a request's head may take to come; 0: any time."
    )
    idle_seconds: int = Field(
        30, ge=1, description="Seconds that a connection stays open without a request."
    )
    least_body_rate: int = Field(
        500, ge=0, description="Bytes a second that a request's body must come at."
    )
    unread_seconds: float = Field(
        30, ge=0, description="Seconds that a client may leave an answer unread; 0: any time."
    )
    unread_bytes: int = Field(
        64 * 2**20,
        ge=0,
        description="Bytes of answers that all clients of a server process may leave unread; where"
        " they are more, those of the address with the most are closed. 0: any number.",
    )
    cors_origins: Annotated[str, AfterValidator(known_origins)] = Field(
        "",
        description="Origins whose pages may ask from a browser: `https://shop.example`, … with"
        " commas between, or `*`; empty: none. The storefront is open to all.",
    )
    webhook_hosts: Annotated[str, AfterValidator(allowed_hosts)] = Field(
        "",
        description="Where webhooks may be delivered: `example.com`, `example.com:8443`,"
        " `*.example.com`, `10.2.0.0/16`, … with commas between; empty: nowhere.",
    )
    connections: int = Field(8, ge=2, le=100, description="PostgreSQL connections a process.")
    commit_seconds: float = Field(
        10.0,
        ge=0.2,
        le=60,
        description="Seconds that PostgreSQL, and the standby it waits for, may take to commit.",
    )
    outdated_views: Literal["rebuild", "refuse"] = Field(
        "rebuild",
        description="What is done at the start about views that another version has made: they are"
        " rebuilt while they are served, or nothing starts.",
    )
    foreign_views: Literal["rebuild", "refuse"] = Field(
        "rebuild",
        description="What is done at the start about views and webhook deliveries that belong to"
        " another history than the store's, because a copy was put back: views are emptied and"
        " rebuilt and deliveries set aside, or nothing starts.",
    )
    check_at_start: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Whether a server has the database check itself before it serves, and does not"
        " start on a damaged one: `auto` checks a file of up to 256 MiB (1.5 s), and on PostgreSQL"
        " that tables and indexes are there; `always` reads everything.",
    )
    lost_store: Literal["refuse", "begin"] = Field(
        "refuse",
        description="What is done at the start where the store has no facts, though views, webhook"
        " deliveries or kept answers are there that were made of some: nothing starts, or an empty"
        " store begins.",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(small_letters)
    ] = Field("info", description="debug, info, warning or error.")
    access_log: bool = Field(False, description="A line in the log for every request.")
    slow_seconds: float = Field(
        1.0, ge=0, description="Seconds after which a request gets a line in the log."
    )
    stall_seconds: float = Field(
        0.1,
        ge=0,
        description="Seconds from which on a stop of the event loop or of the writer is logged and"
        " counted; 0: none is.",
    )
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Where traces go: `http://collector:4318/v1/traces`; nowhere when not set.",
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of `/metrics`, told by the worker process; the API tells them, open to"
        " whoever reaches it, when it is not set.",
    )
    metrics_folder: str | None = Field(
        None,
        description="Where the processes of one machine count together; `serve` makes one for its"
        " own when it is not set.",
    )

    @property
    def quotas(self) -> dict[str, int]:
        """By name."""
        return {name: getattr(self, f"quota_{name}") for name in LIMITS}

    @property
    def is_postgres(self) -> bool:
        return self.store.startswith(POSTGRES)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may ask from a browser."""
        return tuple(filter(None, map(str.strip, self.cors_origins.split(","))))

    @property
    def folder(self) -> Path:
        return Path(self.store)

    @property
    def place(self) -> str:
        """The store as a log may show it: without a password."""
        if not self.is_postgres:
            return self.store
        url = urlsplit(self.store)
        user, at, hosts = url.netloc.rpartition("@")
        return f"{url.scheme}://{user.partition(':')[0]}{at}{hosts}{url.path}"


def unknown(names: Iterable[str]) -> list[str]:
    """What is to be said of variables that look like settings and are none."""
    known = [name.upper() for name in Settings.model_fields]
    lines = []
    for name in sorted(names):
        what = name.upper().removeprefix(PREFIX)
        if name.upper().startswith(PREFIX) and what not in known:
            close = get_close_matches(what, known, 1)
            meant = f"; did you mean {PREFIX}{close[0]}?" if close else ""
            lines.append(f"{name} is no setting{meant}")
    return lines


def table() -> str:
    """The settings as a Markdown table, for the documentation."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "(none)" if field.default in (None, "") else f"`{field.default}`"
        rows.append(f"| `STAGEBOOK_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)
