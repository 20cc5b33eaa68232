"""Who is calling, as this vendor's clients say it: a signature, or Basic.

    TM-HMAC-SHA256 key=ACCESSKEY ts=YYYY-MM-DDTHH:MM:SS sign=HEX

The signature is an HMAC-SHA256 of access key + account + ts under the secret key, in lower case
hexadecimal digits; ts is UTC. Path, query and body are not signed, so a header is good for any call
to that account until it is 30 minutes old.
"""

import base64
import hmac
import re
from datetime import UTC, datetime, timedelta

from fastapi import Request

from adapters.http.auth import Permission, granted, identified, stagebook
from adapters.http.errors import Forbidden, Unauthorized
from application.keyring import Principal, SigningKey
from domain.ids import account_number

ALL_ACCOUNTS = "_"
SKEW = timedelta(minutes=30)
SIGNED = re.compile(
    r"TM-HMAC-SHA256 +key=([!-~]{1,100}) +ts=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d) +sign=([0-9a-f]{64})",
    re.ASCII,
)
HOW = "send Authorization: TM-HMAC-SHA256 key=… ts=… sign=…, or Basic"


def caller(request: Request, account: str, need: Permission) -> Principal:
    """The caller in that account: 401 without a valid signature, 403 for whom it is not open."""
    key = signing_key(request, account)
    principal = key.principals.get(account_number(account))
    if principal is None or principal.account_name != account:
        raise Forbidden(f"the key is not of account {account}")
    return granted(identified(request, principal), need)


def signing_key(request: Request, account: str) -> SigningKey:
    """The key that the request was signed with, for that account."""
    header = request.headers.get("authorization", "")
    if found := SIGNED.fullmatch(header):
        return _signed(request, account, *found.groups())
    scheme, _, said = header.partition(" ")
    if scheme.lower() == "basic":
        return _basic(request, said)
    raise Unauthorized(HOW)


def signature(accesskey: str, secret: bytes, account: str, ts: str) -> str:
    """What a client signs with: the account of `_`, which stands for all, is the empty text."""
    said = f"{accesskey}{'' if account == ALL_ACCOUNTS else account}{ts}"
    return hmac.digest(secret, said.encode(), "sha256").hex()


def _signed(request: Request, account: str, accesskey: str, ts: str, sign: str) -> SigningKey:
    key = stagebook(request).keyring.signing(accesskey)
    if key is None or not hmac.compare_digest(signature(accesskey, key.secret, account, ts), sign):
        raise _unknown(request, accesskey, "the signature is not of this account and time")
    try:
        signed_at = datetime.fromisoformat(ts).replace(tzinfo=UTC)
    except ValueError:
        raise Unauthorized("ts: expected a real time in UTC") from None
    if abs(datetime.now(UTC) - signed_at) > SKEW:
        raise Unauthorized("ts is more than 30 minutes away from the time here")
    return key


def _basic(request: Request, said: str) -> SigningKey:
    try:
        accesskey, _, secret = base64.b64decode(said.strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64, or not of a text
        raise Unauthorized(HOW) from None
    key = stagebook(request).keyring.signing(accesskey)
    if key is None or not hmac.compare_digest(key.secret, secret.encode()):
        raise _unknown(request, accesskey, "another secret key")
    return key


def _unknown(request: Request, accesskey: str, otherwise: str) -> Unauthorized:
    if stagebook(request).keyring.was_revoked(accesskey):
        return Unauthorized("this key was revoked")
    return Unauthorized(f"no such key, or {otherwise}")
