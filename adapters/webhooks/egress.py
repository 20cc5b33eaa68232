"""Where webhooks may be delivered: only to what an admin allowed, never by accident to the inside.

    example.com             that name, at any port
    example.com:8443        that name, at that port
    *.example.com           any name below it
    203.0.113.7, [::1]:80   that address
    10.2.0.0/16             these addresses, whatever name leads there

A name leads to public addresses only. Any other address (private, loopback, link-local, multicast,
reserved, or such a one wrapped in IPv6) must be in the list itself, or in a range of it that lies
wholly inside: `0.0.0.0/0` allows public addresses only.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from socket import SOCK_STREAM, gaierror
from urllib.parse import SplitResult, urlsplit

from domain.errors import Invalid

LOOK_UP_SECONDS = 3.0
SETTING = "STAGEBOOK_WEBHOOK_HOSTS"
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a name, as text."""

NOT_PUBLIC: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/4", "240.0.0.0/4"),
            *("::/3", "4000::/2", "8000::/1"),  # unicast of the internet is 2000::/3 ...
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),  # ... but for these
        ),
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
NAME = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
WITH_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True)
class HostRule:
    """One allowed name or range, at one port or at all."""

    host: str | Network
    port: int | None

    def allows(self, address: Address, port: int) -> bool:
        """Whether the list has that very address, or a range of its kind."""
        if isinstance(self.host, str) or self.port not in (None, port):
            return False
        return address in self.host and (is_public(address) or _inside(self.host))

    def names(self, host: str, port: int) -> bool:
        if not isinstance(self.host, str) or self.port not in (None, port):
            return False
        return host == self.host or (self.host[0] == "*" and host.endswith(self.host[1:]))


def is_public(address: Address) -> bool:
    """Whether it is an address of the internet, for all that is known of it."""
    return address.is_global and not any(address in inner for inner in NOT_PUBLIC)


def plain(address: Address) -> Address:
    """The address that is meant by one that is wrapped in IPv6."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _inside(network: Network) -> bool:
    return any(
        network.version == inner.version and network.subnet_of(inner)  # type: ignore[arg-type]
        for inner in NOT_PUBLIC
    )


class HostAllowlist:
    """The list, read from the setting; `ValueError` for what is not one."""

    def __init__(self, setting: str) -> None:
        items = (item.strip() for item in setting.split(","))
        self.entries = tuple(_entry(item.casefold()) for item in items if item)

    def may_be(self, host: str, port: int) -> bool:
        """Whether that host could be allowed at all, before anybody is asked where it is."""
        by_range = any(not isinstance(entry.host, str) for entry in self.entries)
        return by_range or self.named(host, port)

    def named(self, host: str, port: int) -> bool:
        return any(entry.names(host, port) for entry in self.entries)

    def allows(self, host: str, port: int, address: Address) -> bool:
        meant = plain(address)
        if any(entry.allows(meant, port) for entry in self.entries):
            return True
        return is_public(meant) and self.named(host, port)


class EgressPolicy:
    """Says at which addresses a URL may be posted to now."""

    def __init__(self, allowed: HostAllowlist, resolve: Resolve | None = None) -> None:
        self._allowed = allowed
        self._resolve = resolve or resolved

    async def addresses(self, url: str) -> list[str]:
        """What may be connected to, of what its host leads to; `Invalid` when nothing may."""
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), port_of(parts)
        if not self._allowed.may_be(host, port):
            raise Invalid("url", f"{host}:{port} is not allowed: an admin names hosts in {SETTING}")
        try:
            found = [ip_address(host)]
        except ValueError:
            found = [ip_address(text) for text in await self._look_up(host, port)]
        allowed = [a for a in found if self._allowed.allows(host, port, a)]
        if not allowed:
            leads = "" if str(found[0]) == host else f" leads to {found[0]}, which"
            raise Invalid("url", f"{host}{leads} is not allowed: an admin names hosts in {SETTING}")
        return [str(getattr(a, "ipv4_mapped", None) or a) for a in allowed]

    async def _look_up(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:  # a timeout is an OSError, too
            raise Invalid("url", f"{host} cannot be found: {error or 'no answer'}") from None
        if not found:
            raise Invalid("url", f"{host} cannot be found")
        return found


async def resolved(host: str, port: int) -> list[str]:
    """Asks the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    texts = [str(place[0]) for *_, place in found]
    if any("%" in text for text in texts):
        message = "it is known on one link only"
        raise gaierror(message)
    return list(dict.fromkeys(texts))


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _entry(item: str) -> HostRule:
    host, port = item, None
    if with_port := WITH_PORT.fullmatch(item):
        host, port = with_port["host"], int(with_port["port"])
    try:
        return HostRule(ip_network(host.strip("[]")), port)
    except ValueError:
        pass
    if not NAME.fullmatch(host) or host.replace(".", "").isdecimal():
        message = f"expected a host name, *.name, an address or a range, not {item!r}"
        raise ValueError(message)
    return HostRule(host, port)
