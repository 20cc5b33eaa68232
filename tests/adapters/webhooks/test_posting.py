"""One message to one receiver, whatever it answers: bounded, checked, and no further."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.webhooks.egress import EgressPolicy, HostAllowlist
from adapters.webhooks.message import Reply
from adapters.webhooks.posting import WebhookSender
from tests.adapters.webhooks.conftest import BOUND
from tests.adapters.webhooks.receiver import Receiver

LOOPBACK = "127.0.0.0/8"


async def on_loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def post(
    url: str, allowed: str = LOOPBACK, trust: ssl.SSLContext | None = None, seconds: float = 10
) -> Reply:
    poster = WebhookSender(
        EgressPolicy(HostAllowlist(allowed), on_loopback), trust=trust, total_seconds=seconds
    )
    return asyncio.run(poster.post(url, {"OpenTicket-Dedupe-Key": "k"}, b"{}"))


def test_a_name_that_leads_inside_is_not_posted_to(receiver: Receiver) -> None:
    reply = post(f"http://hooks.example.com:{receiver.port}/", "*.example.com")

    assert reply.status is None
    assert "hooks.example.com leads to 127.0.0.1, which is not allowed" in str(reply.error)
    assert receiver.heard == []


def test_a_name_is_looked_up_once_and_stays_in_the_host_header(receiver: Receiver) -> None:
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.9.9.9"]

    poster = WebhookSender(EgressPolicy(HostAllowlist(LOOPBACK), rebinding))
    url = f"http://hooks.example.com:{receiver.port}/x?y=z"

    assert asyncio.run(poster.post(url, {}, b"{}")) == Reply(200)
    assert asked == ["hooks.example.com"]
    assert receiver.heard[0].headers["host"] == f"hooks.example.com:{receiver.port}"


def test_the_next_address_is_tried_when_nobody_listens(receiver: Receiver) -> None:
    async def two(_host: str, _port: int) -> list[str]:
        return ["127.9.9.9", "127.0.0.1"]

    poster = WebhookSender(EgressPolicy(HostAllowlist(LOOPBACK), two))

    assert asyncio.run(poster.post(f"http://a.com:{receiver.port}", {}, b"{}")) == Reply(200)


def test_a_redirect_is_an_answer(receiver: Receiver) -> None:
    there = f"Location: {receiver.url}/elsewhere\r\nContent-Length: 0\r\n\r\n"
    receiver.answering = lambda _: b"HTTP/1.1 307 Away\r\n" + there.encode()

    assert post(receiver.url) == Reply(307)
    assert len(receiver.heard) == 1


def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert post(receiver.url) == Reply(200)


def test_nobody_listening_is_an_error() -> None:
    with Receiver().listening() as gone:
        url = gone.url

    reply = post(url)

    assert reply.status is None
    assert str(reply.error).startswith("ConnectError")


def test_an_endless_answer_is_not_read(receiver: Receiver) -> None:
    receiver.answering = lambda _: (
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 100_000
    )

    assert post(receiver.url) == Reply(200)


def test_a_slow_answer_ends_in_time(receiver: Receiver) -> None:
    over = threading.Event()

    def slowly(_: object) -> bytes:
        over.wait(BOUND)
        return b""

    receiver.answering = slowly

    assert post(receiver.url, seconds=0.1) == Reply(None, "no answer in 0.1 s")
    over.set()


def test_an_answer_that_is_not_http_is_an_error(receiver: Receiver) -> None:
    receiver.answering = lambda _: b"hello\r\n\r\n"

    assert str(post(receiver.url).error).startswith("RemoteProtocolError")


def test_no_fault_of_one_receiver_is_anybody_elses() -> None:
    async def broken(_host: str, _port: int) -> list[str]:
        message = "boom"
        raise RuntimeError(message)

    poster = WebhookSender(EgressPolicy(HostAllowlist("a.com"), broken))

    assert asyncio.run(poster.post("http://a.com", {}, b"")) == Reply(None, "RuntimeError: boom")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of hooks.example.com, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks")])
    now = datetime.now(UTC)
    names = [x509.DNSName("hooks.example.com"), x509.IPAddress(ip_address("127.7.7.7"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "hooks.pem"
    plain = serialization.NoEncryption()
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(made.public_bytes(encoding) + key.private_bytes(encoding, form, plain))
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Receiver(context).listening() as made:
        yield made


def test_a_certificate_of_the_name_is_asked_for(secure: Receiver, certificate: Path) -> None:
    trust = ssl.create_default_context(cafile=certificate)

    assert post(f"https://hooks.example.com:{secure.port}/", trust=trust) == Reply(200)
    other = post(f"https://other.example.com:{secure.port}/", trust=trust)
    literal = post(f"https://127.0.0.1:{secure.port}/", trust=trust)

    assert "CERTIFICATE_VERIFY_FAILED" in str(other.error)
    assert "CERTIFICATE_VERIFY_FAILED" in str(literal.error)
    assert len(secure.heard) == 1


def test_a_certificate_that_nobody_signed_is_refused(
    secure: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    reply = post(f"https://hooks.example.com:{secure.port}/")

    assert "CERTIFICATE_VERIFY_FAILED" in str(reply.error)
    assert secure.heard == []
