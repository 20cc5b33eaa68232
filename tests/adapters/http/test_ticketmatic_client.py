"""The published client reaches a server, and is told whose it is."""

from ticketmatic.client import Client
from ticketmatic.endpoints import tools


def test_the_client_is_told_its_account(tm: Client) -> None:
    assert tools.account(tm).shortname == tm.account_code
