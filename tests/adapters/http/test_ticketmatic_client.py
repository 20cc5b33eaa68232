"""The published client reaches a server, and is told whose it is."""

from ticketmatic.client import Client
from ticketmatic.endpoints import tools

from tests.adapters.http.vendors import Served


def test_the_client_is_told_its_account(tm: Client) -> None:
    assert tools.account(tm).shortname == tm.account_code


def test_a_client_without_an_account_is_told_all_of_its_key(tm: Client, served: Served) -> None:
    with served.connected("", tm.access_key) as anywhere:
        assert [one.shortname for one in tools.accounts(anywhere)] == [tm.account_code]
