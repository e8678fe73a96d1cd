"""A session with the mail server: connected, encrypted where wanted, signed in. Nothing is handed in here."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache

import aiosmtplib
import httpcore

from catalog_compiler.actions import ActionContext
from catalog_compiler.address_kinds import IpAddress
from catalog_compiler.address_rules import AddressRules
from pao_actions.address_guard import allowed_addresses
from pao_actions.exceptions import ActionError, PermanentError, TemporaryError
from pao_actions.mail.addresses import shown
from pao_actions.mail.server import MailServer

_CONNECT_SECONDS = 10.0
_AUTH_TEMPORARY = 454
_FIRST_PERMANENT = 500


class UnreachableError(TemporaryError):
    """The server is ill: it could not be reached, or broke the session off."""


@asynccontextmanager
async def mail_session(server: MailServer, token: str | None, context: ActionContext) -> AsyncIterator[aiosmtplib.SMTP]:
    """A session that is ready for letters; signed in with the token, where there is one.

    Raises:
        UnreachableError: if it can't be opened for now.
        TemporaryError: if the server wants to be asked later.
        PermanentError: if it can't be opened like this.
    """
    tls_context = None if server.security == "none" else server.context()
    client = aiosmtplib.SMTP(
        hostname=server.host,
        sock=await _connected(server, context),
        use_tls=server.security == "tls",
        start_tls=False,
        tls_context=tls_context,
        local_hostname=await asyncio.to_thread(_own_name),
        timeout=None,
    )
    try:
        await _open(client, server, token, context)
        yield client
        await _farewell(client)
    finally:
        await _close(client)


def reply(error: aiosmtplib.SMTPResponseException) -> str:
    """What the server said, on one line."""
    return f"{error.code} {shown(str(error.message))[1:-1]}"


async def _connected(server: MailServer, context: ActionContext) -> socket.socket:
    # The host stands in a connection, which the operator made: relays are private as a rule. What clouds tell their
    # machines stays out of reach.
    reach = AddressRules(allow_private=True, allowed=context.reach.allowed)
    try:
        addresses = await allowed_addresses(server.host, server.port, reach=reach, limit=_CONNECT_SECONDS)
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise UnreachableError(f"mail server {server.target} could not be reached: {error}", arrived=False) from error
    failure: Exception | None = None
    for address in addresses:
        try:
            return await _socket(address, server.port)
        except (OSError, TimeoutError) as error:
            failure = error
    raise UnreachableError(f"mail server {server.target} could not be reached", arrived=False) from failure


async def _socket(address: IpAddress, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - the version of IP
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setblocking(False)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await asyncio.get_running_loop().sock_connect(opened, (str(address), port))
    except BaseException:
        opened.close()
        raise
    return opened


async def _open(client: aiosmtplib.SMTP, server: MailServer, token: str | None, context: ActionContext) -> None:
    try:
        await client.connect()
        await _prepare(client, server, token, context)
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _error(error, server) from error


async def _farewell(client: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(1):
            await client.execute_command(b"QUIT")


async def _close(client: aiosmtplib.SMTP) -> None:
    """Close at once: over TLS, a farewell would wait for the other side."""
    transport = client.transport
    client.close()
    if isinstance(transport, asyncio.Transport):
        transport.abort()
        await asyncio.sleep(0)


async def _prepare(client: aiosmtplib.SMTP, server: MailServer, token: str | None, context: ActionContext) -> None:
    await client.ehlo()
    if server.security == "starttls":
        if not client.supports_extension("starttls"):
            raise PermanentError(
                f"mail server {server.target} offers no STARTTLS; correct the port of connection "
                f"'{server.connection}', "
                "or set 'disable_tls' in its extra to send without encryption"
            )
        await client.starttls(server_hostname=server.host)
        await client.ehlo()
    if token is None and not (server.login and server.password):
        return
    if server.security == "none":
        context.log.warning("signed_in_without_encryption", server=server.target)
    if not client.supports_extension("auth"):
        raise PermanentError(
            f"mail server {server.target} does not let one sign in; drop login and password of connection "
            f"'{server.connection}', or correct its port"
        )
    if token is None:
        await client.login(server.login, server.password)
    else:
        await client.auth_xoauth2(server.login or server.sender, token)


def _error(error: Exception, server: MailServer) -> ActionError:
    name = f"mail server {server.target}"
    causes = (error, error.__cause__, error.__context__)
    if tls := next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None):
        return _tls_error(tls, name, server.connection)
    match error:
        case aiosmtplib.SMTPAuthenticationError() if error.code >= _FIRST_PERMANENT:
            return PermanentError(
                f"{name} does not let '{server.login or server.sender}' in: {reply(error)}; correct login and password "
                f"of connection '{server.connection}'"
            )
        case aiosmtplib.SMTPResponseException() if error.code >= _FIRST_PERMANENT:
            return PermanentError(f"{name} refuses the session: {reply(error)}")
        case aiosmtplib.SMTPResponseException():
            return TemporaryError(f"{name} takes no letters for now: {reply(error)}", arrived=False)
        case aiosmtplib.SMTPConnectError() | aiosmtplib.SMTPServerDisconnected() | OSError():
            return UnreachableError(f"{name} broke off the session before the letter", arrived=False)
    return PermanentError(f"{name} can't be used: {' '.join(str(error).split())}")


def _tls_error(error: ssl.SSLError, name: str, connection: str) -> ActionError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return PermanentError(
            f"{name} shows a certificate that is not trusted ({error.verify_message}); correct the host of connection "
            f"'{connection}', or name a file of authorities as 'verify' in its extra"
        )
    return PermanentError(
        f"{name} does not speak TLS on this port; set 'disable_ssl' in the extra of connection '{connection}' for "
        "STARTTLS, or correct its port"
    )


@cache
def _own_name() -> str:
    """The machine's name, looked up once: where there is no DNS that takes seconds."""
    return socket.getfqdn()
