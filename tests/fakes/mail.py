"""A mail server with a mailbox, by aiosmtpd, in its three ways: TLS from the start, STARTTLS, and neither.

It signs in by PLAIN and LOGIN, and by XOAUTH2 as Google and Microsoft describe it (a refusal is a 334 with JSON, then
535). Its certificate is of an authority made for it. Refusals are worded as servers word them (RFC 5321 and 3463: 450
greylisting, 550 unknown mailbox, 451 and 554 after the content).
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOGIN, PASSWORD, TOKEN = "pao", "s3same-s3same", "ya29.a-token"
CUT = "the session ends before anything is taken"
LOST = "the letter is taken, and the session ends before the answer"

SILENCE = "the letter is taken, and no answer is given"


@dataclass
class FakeMail:
    """`letters` lists what was taken, each with its envelope; `faults` are played in turn, by command."""

    letters: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    faults: dict[str, deque[str | None]] = field(default_factory=dict)
    signed_in: list[str] = field(default_factory=list)
    sessions: int = 0
    ports: dict[str, int] = field(default_factory=dict)
    authority: Path = Path()

    def clear(self) -> None:
        """As new."""
        self.letters.clear()
        self.faults.clear()
        self.signed_in.clear()
        self.sessions = 0

    def play(self, command: str, *answers: str | None) -> None:
        """Give these answers to the next commands of that name; None is the usual one."""
        self.faults[command] = deque(answers)

    def _fault(self, command: str, server: SMTP) -> str | None:
        waiting = self.faults.get(command)
        answer = waiting.popleft() if waiting else None
        if answer == CUT:
            server.transport.abort()
        return answer

    async def handle_EHLO(  # noqa: N802 - the names are aiosmtpd's
        self, server: SMTP, session: Session, _: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count the session."""
        session.host_name = hostname
        self.sessions += 1
        return responses if not self._fault("EHLO", server) else ["421 4.3.2 shutting down"]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender."""
        if answer := self._fault("MAIL", server):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient."""
        if answer := self._fault("RCPT", server):
            return answer
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later"):
            return "450 4.2.0 greylisted, come again"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the letter."""
        answer = self._fault("DATA", server)
        if answer not in (None, LOST, SILENCE):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append((envelope, message_from_bytes(content, policy=default)))
        if answer == LOST:
            server.transport.abort()
        if answer == SILENCE:
            await asyncio.Event().wait()
        return "250 2.0.0 queued"

    def authenticate(self, server: SMTP, _: Session, __: Envelope, mechanism: str, data: Any) -> AuthResult:
        """By login and password."""
        if answer := self._fault("AUTH", server):
            return AuthResult(success=False, handled=False, message=answer)
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (LOGIN.encode(), PASSWORD.encode())
        if right:
            self.signed_in.append(mechanism)
        return AuthResult(success=right, handled=False)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """By a token."""
        if base64.b64decode(args[1]) == f"user={LOGIN}\x01auth=Bearer {TOKEN}\x01\x01".encode():
            self.signed_in.append("XOAUTH2")
            return AuthResult(success=True)
        await server.challenge_auth(b'{"status": "400"}')
        return AuthResult(success=False, handled=False)


@contextmanager
def fake_mail(folder: Path) -> Iterator[FakeMail]:
    """Serve it; certificates are made in the folder."""
    mail = FakeMail(authority=folder / "authority.pem")
    ready = threading.Event()
    stop: list[Callable[[], object]] = []
    thread = threading.Thread(target=lambda: asyncio.run(_serve(mail, _certificate(folder), ready, stop)))
    thread.start()
    ready.wait()
    try:
        yield mail
    finally:
        stop[0]()
        thread.join()


async def _serve(mail: FakeMail, tls: ssl.SSLContext, ready: threading.Event, stop: list[Callable[[], object]]) -> None:
    """Serve in every way, each on a free port, until `stop` is called."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
    ways: dict[str, tuple[ssl.SSLContext | None, dict[str, Any]]] = {
        "tls": (tls, {"authenticator": mail.authenticate, "auth_require_tls": False}),
        "starttls": (None, {"authenticator": mail.authenticate, "tls_context": tls, "require_starttls": True}),
        "none": (None, {"authenticator": mail.authenticate, "auth_require_tls": False}),
        "anonymous": (None, {}),
    }
    servers = []
    for name, (from_start, options) in ways.items():
        factory = partial(SMTP, mail, data_size_limit=300_000, hostname="mail.example.com", loop=loop, **options)
        server = await loop.create_server(factory, "127.0.0.1", 0, ssl=from_start)
        mail.ports[name] = server.sockets[0].getsockname()[1]
        servers.append(server)
    ready.set()
    await stopped.wait()
    for server in servers:
        server.close()


def _certificate(folder: Path) -> ssl.SSLContext:
    """The TLS settings of a server for 127.0.0.1 and `mail.example.com`, by an authority of its own."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _signed("Authority of the tests", root_key, None, root_key)
    certificate = _signed("mail.example.com", key, root, root_key)
    (folder / "authority.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    chain = folder / "server.pem"
    chain.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    return context


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=issuer is None,
                crl_sign=issuer is None,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if issuer is not None:
        names = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
