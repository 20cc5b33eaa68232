"""The published client reaches a server, and is told who it is."""

from ticketmatic.client import Client
from ticketmatic.endpoints import tools


def test_the_client_is_told_its_account(tm: Client) -> None:
    assert tools.account(tm).shortname == tm.account_code
    assert [one.shortname for one in tools.accounts(tm)] == [tm.account_code]
