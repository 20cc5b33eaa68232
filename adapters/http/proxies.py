"""Addresses that stand for many: proxies in front, as `STAGEBOOK_PROXIES` names them."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

EVERYBODY = "*"
LONGEST = 253
"""Characters of an address or a name: what is longer is none, and is not remembered."""


class Proxies:
    """Named as uvicorn, which believes what they say, reads the same setting: by address, by
    network (`10.0.0.0/8`), by another name of a client, or all of them (`*`)."""

    def __init__(self, named: str) -> None:
        names = set(filter(None, map(str.strip, named.split(","))))
        networks: set[IPv4Network | IPv6Network] = set()
        for name in list(names):
            try:
                networks.add(ip_network(name))
                names.discard(name)
            except ValueError:
                continue
        self._all, self._names, self._networks = named.strip() == EVERYBODY, names, networks
        self._known = lru_cache(4_096)(self._find)

    def __contains__(self, address: str) -> bool:
        return self._all or (len(address) <= LONGEST and self._known(address))

    def _find(self, address: str) -> bool:
        try:
            at = ip_address(address)
        except ValueError:
            return address in self._names
        return any(at in network for network in self._networks)
