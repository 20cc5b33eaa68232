"""The configuration: environment variables `STAGEBOOK_*`, read once, frozen."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.webhooks.addresses import Allowed
from domain.money import DEFAULT_CURRENCY, Currency
from domain.registry import DEFAULT_TIMEZONE
from domain.values import TimeZone


def allowed_hosts(setting: str) -> str:
    Allowed(setting)
    return setting


class Settings(BaseSettings):
    """Every setting, with its default. The only reader of the environment."""

    model_config = SettingsConfigDict(env_prefix="STAGEBOOK_", frozen=True, extra="ignore")

    store: str = Field(
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
    cached_aggregates: int = Field(
        10_000, ge=1, description="Aggregates that the writer keeps in memory."
    )
    basket_seconds: int = Field(
        1_200, ge=1, description="Seconds that an unconfirmed order is held after its last action."
    )
    basket_cap_seconds: int = Field(
        7_200, ge=1, description="Seconds that an unconfirmed order is held at most, in all."
    )
    view_wait: float = Field(
        2.0, ge=0, le=60, description="Seconds that a read with `Stagebook-After` waits."
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
    log_level: str = Field("info", description="debug, info, warning or error.")
    access_log: bool = Field(False, description="A line in the log for every request.")
    slow_seconds: float = Field(
        1.0, ge=0, description="Seconds after which a request gets a line in the log."
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
    def is_postgres(self) -> bool:
        return self.store.startswith(("postgresql://", "postgres://"))

    @property
    def folder(self) -> Path:
        return Path(self.store)


def table() -> str:
    """The settings as a Markdown table, for the README."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "(none)" if field.default in (None, "") else f"`{field.default}`"
        rows.append(f"| `STAGEBOOK_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)
