"""Where webhooks may be delivered: the rules as a table."""

import asyncio
from ipaddress import ip_address

import pytest
from pydantic import ValidationError

from adapters.settings import Settings
from adapters.webhooks.egress import EgressPolicy, HostAllowlist, is_public, plain
from domain.errors import Invalid

PUBLIC, PUBLIC6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
EVERYWHERE = "*.example.com, example.com, 0.0.0.0/0, ::/0"
"""All of the internet, and nothing of the house."""


def addresses(allowed: str, url: str, *leads_to: str) -> list[str]:
    """What may be connected to, when the resolver gives these."""

    async def resolve(host: str, port: int) -> list[str]:
        if not leads_to:
            message = "no such host"
            raise OSError(message)
        return list(leads_to)

    return asyncio.run(EgressPolicy(HostAllowlist(allowed), resolve).addresses(url))


@pytest.mark.parametrize(
    ("allowed", "url", "leads_to", "expected"),
    [
        ("example.com", "https://example.com", [PUBLIC], [PUBLIC]),
        ("example.com", "https://EXAMPLE.com./x", [PUBLIC], [PUBLIC]),
        ("Example.COM", "http://example.com:81", [PUBLIC6, PUBLIC], [PUBLIC6, PUBLIC]),
        ("example.com:443", "https://example.com", [PUBLIC], [PUBLIC]),
        ("example.com:80", "http://example.com", [PUBLIC], [PUBLIC]),
        ("*.example.com", "https://a.b.example.com", [PUBLIC], [PUBLIC]),
        ("a.com, example.com", "https://example.com", [PUBLIC], [PUBLIC]),
        (PUBLIC, f"https://{PUBLIC}", [], [PUBLIC]),
        (f"{PUBLIC}:443", f"https://{PUBLIC}", [], [PUBLIC]),
        (f"[{PUBLIC6}]:443", f"https://[{PUBLIC6}]", [], [PUBLIC6]),
        ("93.184.0.0/16", "https://example.com", [PUBLIC], [PUBLIC]),
        ("0.0.0.0/0", f"https://{PUBLIC}", [], [PUBLIC]),
        ("127.0.0.1", "http://127.0.0.1:9000", [], ["127.0.0.1"]),
        ("127.0.0.0/8", "http://example.com", ["127.0.0.2"], ["127.0.0.2"]),
        ("10.2.0.0/16", "http://10.2.3.4", [], ["10.2.3.4"]),
        ("::1", "http://[::1]", [], ["::1"]),
        ("fd00::/8", "http://example.com", ["fd12::1"], ["fd12::1"]),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]", [], ["10.0.0.1"]),
        ("example.com", "https://example.com", ["10.0.0.1", PUBLIC], [PUBLIC]),
        ("example.com", "https://example.com", [f"64:ff9b::{PUBLIC}"], ["64:ff9b::5db8:d70e"]),
    ],
)
def test_what_was_allowed_may_be_posted_to(
    allowed: str, url: str, leads_to: list[str], expected: list[str]
) -> None:
    assert addresses(allowed, url, *leads_to) == expected


@pytest.mark.parametrize(
    ("allowed", "url", "leads_to"),
    [
        ("", "https://example.com", [PUBLIC]),
        ("", f"https://{PUBLIC}", []),
        ("example.com", "https://other.com", [PUBLIC]),
        ("example.com", "https://www.example.com", [PUBLIC]),
        ("example.com", "https://notexample.com", [PUBLIC]),
        ("*.example.com", "https://example.com", [PUBLIC]),
        ("*.example.com", "https://badexample.com", [PUBLIC]),
        ("*.example.com", "https://example.com.evil.org", [PUBLIC]),
        ("example.com:443", "http://example.com", [PUBLIC]),
        ("example.com:443", "https://example.com:444", [PUBLIC]),
        ("127.0.0.1:9000", "http://127.0.0.1:9001", []),
        ("10.2.0.0/16", "http://10.3.0.1", []),
        ("example.com", "https://example.com", []),
        ("10.0.0.0/7", "http://10.0.0.1", []),
        ("::ffff:0:0/96", "http://[::ffff:127.0.0.1]", []),
    ],
)
def test_what_was_not_allowed_may_not(allowed: str, url: str, leads_to: list[str]) -> None:
    with pytest.raises(Invalid, match=r"^url: .*(allowed|cannot be found)"):
        addresses(allowed, url, *leads_to)


INSIDE = [
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"),  # noqa: S104
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1", "198.18.0.1", "192.0.2.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("192.88.99.1", "::", "::1", "::127.0.0.1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1"),
    *("ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "100::1", "3fff::1", "5f00::1"),
    *("64:ff9b:1::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1"),
    *("64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_the_inside_is_not_opened_by_a_name_or_by_all_of_the_internet(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address

    assert not is_public(plain(ip_address(address)))
    for url, leads_to in ((f"http://{literal}", []), ("http://example.com", [address])):
        with pytest.raises(Invalid, match="is not allowed"):
            addresses(EVERYWHERE, url, *leads_to)


@pytest.mark.parametrize("spelled", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_other_spellings_of_an_address_are_what_the_system_takes_them_for(spelled: str) -> None:
    with pytest.raises(Invalid, match=r"is not allowed|cannot be found"):
        asyncio.run(EgressPolicy(HostAllowlist(EVERYWHERE)).addresses(f"http://{spelled}"))


def test_a_name_that_cannot_be_allowed_is_not_looked_up() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise AssertionError

    with pytest.raises(Invalid, match="STAGEBOOK_WEBHOOK_HOSTS"):
        asyncio.run(EgressPolicy(HostAllowlist("example.com"), resolve).addresses("http://inside"))


@pytest.mark.parametrize(
    "wrong", ["https://example.com", "10.0.0.1/8", "a b", "*", "*.", "999.1.1.1", "a:b:c", "*a.com"]
)
def test_a_setting_that_is_not_a_list_of_hosts_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="expected a host name"):
        Settings(webhook_hosts=f"example.com, {wrong}")
