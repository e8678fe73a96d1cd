"""The mail server, as an Airflow connection of type `smtp` describes it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import cache
from typing import Literal

from pydantic import JsonValue

from catalog_compiler.actions import Connection
from pao_actions.exceptions import PermanentError
from pao_actions.mail.addresses import AddressError, mail_address

Security = Literal["tls", "starttls", "none"]
_PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 25}
_YES = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, kw_only=True, slots=True)
class MailServer:
    """Where letters are handed in, how, and as whom."""

    connection: str
    """The connection's id, for messages."""
    host: str
    port: int
    security: Security
    verify: bool | str
    """False for any certificate, the path of a file with the accepted authorities, or True."""
    sender: str
    """The address of the envelope."""
    sender_name: str
    login: str
    password: str = field(repr=False)
    oauth: bool
    """Whether it is signed in by a token instead of the password."""
    extra: dict[str, JsonValue] = field(repr=False)

    @property
    def target(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    def context(self) -> ssl.SSLContext:
        """The TLS settings; raises PermanentError where the file of authorities can't be read."""
        try:
            return _tls_context(self.verify)
        except (OSError, ValueError) as error:
            raise PermanentError(
                f"connection '{self.connection}' names '{self.verify}' as its 'verify', which can't be read as a "
                "file of "
                "certificates; put the file where the triggerer runs, or correct 'verify' in the connection's extra"
            ) from error


def mail_server(connection: Connection) -> MailServer:
    """The server; raises PermanentError where the connection is not one of mail, or says too little."""
    if connection.type not in ("smtp", "email"):
        raise PermanentError(
            f"connection '{connection.id}' is of type '{connection.type}'; letters need one of type 'smtp'"
        )
    host = (connection.host or "").strip()
    if not host:
        raise PermanentError(f"connection '{connection.id}' has no host; set it to the mail server")
    extra = dict(connection.extra)
    security = _security(extra)
    name, sender = _sender(connection)
    return MailServer(
        connection=connection.id,
        host=host,
        port=connection.port or _PORTS[security],
        security=security,
        verify=_verify(extra),
        sender=sender,
        sender_name=name,
        login=connection.login or "",
        password=connection.password or "",
        oauth=extra.get("auth_type") == "oauth2",
        extra=extra,
    )


def _security(extra: dict[str, JsonValue]) -> Security:
    """As Airflow reads it: TLS from the start, unless `disable_ssl`; then STARTTLS, unless `disable_tls`."""
    if not _is_set(extra, "disable_ssl"):
        return "tls"
    return "none" if _is_set(extra, "disable_tls") else "starttls"


def _is_set(extra: dict[str, JsonValue], key: str) -> bool:
    return str(extra.get(key, "")).strip().lower() in _YES


def _verify(extra: dict[str, JsonValue]) -> bool | str:
    if extra.get("ssl_context") == "none":
        return False
    verify = extra.get("verify", True)
    return verify if isinstance(verify, bool | str) else True


def _sender(connection: Connection) -> tuple[str, str]:
    written = connection.extra.get("from_email") or connection.login
    name, address = parseaddr(str(written or ""))
    try:
        return name, mail_address(address)
    except AddressError as error:
        raise PermanentError(
            f"connection '{connection.id}' names no sender; set 'from_email' in its extra to an address such as "
            "'Platform <platform@example.com>'"
        ) from error


@cache
def _tls_context(verify: bool | str) -> ssl.SSLContext:  # noqa: FBT001 - the form of the connection's own setting
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
