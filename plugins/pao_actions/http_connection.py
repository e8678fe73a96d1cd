"""What an Airflow `http` connection says about a call: where to, as whom, with which headers."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

from catalog_compiler.actions import Connection
from pao_actions.connection_options import OPTIONS
from pao_actions.exceptions import PermanentError

_SECRET_HEADER = re.compile(r"auth|cookie|key|pass|secret|token", re.IGNORECASE)

DEFAULT_PORTS = {"http": 80, "https": 443}
"""The ports of URLs that name none."""


def absolute_url(url: str, connection: Connection | None, *, credentials: bool = True) -> str:
    """The URL to call: relative ones start at the connection's base.

    Without the connection's `credentials` it may lead anywhere.

    Raises:
        PermanentError: if there is no base, or the URL leads away from it, with the connection's credentials.
    """
    base = base_url(connection) if connection else None
    if not split_url(url).scheme:
        if base is None:
            where = f"connection '{connection.id}' has no host" if connection else "it names no connection"
            raise PermanentError(f"the URL has no scheme and host, and {where}; write the whole URL or add a host")
        return f"{base.rstrip('/')}/{url.lstrip('/')}" if url else base
    if connection and credentials and base is not None and origin(url) != origin(base):
        raise PermanentError(
            f"the URL leads to another host than connection '{connection.id}', whose credentials must not go there; "
            "write a path, or drop the connection"
        )
    return url


def require_host(connection: Connection) -> None:
    """Return where the connection says whom its credentials are for, or has none.

    Raises:
        PermanentError: if whoever writes an item could have them sent anywhere.
    """
    if base_url(connection) is None and (connection_headers(connection) or {"cert", "oauth2"} & set(connection.extra)):
        raise PermanentError(
            f"connection '{connection.id}' has credentials or headers and no host, so that an item could send them "
            "anywhere; set its host"
        )


def base_url(connection: Connection) -> str | None:
    """Scheme, host and port of a connection, as Airflow's HttpHook reads them; None without a host."""
    host = connection.host
    if not host:
        return None
    base = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    return f"{base}:{connection.port}" if connection.port else base


def connection_headers(connection: Connection) -> dict[str, str]:
    """The headers that a connection adds: those of its `extra`, and basic authentication from login and password."""
    extra = {key: value for key, value in connection.extra.items() if key not in OPTIONS}
    named = connection.extra.get("headers")
    headers = {**extra, **(named if isinstance(named, Mapping) else {})}
    result = {name: str(value) for name, value in headers.items() if isinstance(value, str | int | float)}
    if connection.login or connection.password:
        pair = f"{connection.login or ''}:{connection.password or ''}".encode()
        if not any(name.lower() == "authorization" for name in result):
            result["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
    return result


def connection_secrets(connection: Connection) -> Iterator[str]:
    """The texts of a connection that nobody may see, whatever it is used for."""
    if connection.password:
        yield connection.password
    oauth2 = connection.extra.get("oauth2")
    secret = oauth2.get("client_secret") if isinstance(oauth2, Mapping) else None
    if isinstance(secret, str):
        yield secret


def secret_header_values(headers: Mapping[str, str]) -> Iterator[str]:
    """What headers that sign in hold, with and without a scheme such as `Basic`."""
    for name, value in headers.items():
        if _SECRET_HEADER.search(name):
            yield value
            yield value.rpartition(" ")[2]


def split_url(url: str) -> SplitResult:
    """The URL's parts; raises PermanentError where it has none that make sense."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise PermanentError("the URL is not valid: its host or port can't be read; correct it") from error
    return parts


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of a URL: what must be the same for credentials to go along."""
    parts = split_url(url)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
