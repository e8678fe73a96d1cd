"""What an Airflow `http` connection says about a call: where to, as whom, with which headers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from catalog_compiler.actions import Connection
from pao_actions.exceptions import PermanentError

_OPTIONS = frozenset(
    {
        "allow_redirects",
        "cert",
        "check_response",
        "headers",
        "max_redirects",
        "proxies",
        "proxy",
        "srv_lookup",
        "stream",
        "timeout",
        "trust_env",
        "verify",
        "verify_ssl",
    }
)
"""Keys of `extra` that Airflow's HttpHook takes as options; it takes all others as headers."""

DEFAULT_PORTS = {"http": 80, "https": 443}
"""The ports of URLs that name none."""


def absolute_url(url: str, connection: Connection | None) -> str:
    """The URL to call: relative ones start at the connection's base.

    Raises:
        PermanentError: if there is no base, or the URL leads away from it, with the connection's credentials.
    """
    base = base_url(connection) if connection else None
    if not split_url(url).scheme:
        if base is None:
            where = f"connection '{connection.id}' has no host" if connection else "it names no connection"
            raise PermanentError(f"the URL has no scheme and host, and {where}; write the whole URL or add a host")
        return f"{base.rstrip('/')}/{url.lstrip('/')}" if url else base
    if connection and base is not None and _origin(url) != _origin(base):
        raise PermanentError(
            f"the URL leads to another host than connection '{connection.id}', whose credentials must not go there; "
            "write a path, or drop the connection"
        )
    return url


def base_url(connection: Connection) -> str | None:
    """Scheme, host and port of a connection, as Airflow's HttpHook reads them; None without a host."""
    host = connection.host
    if not host:
        return None
    base = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    return f"{base}:{connection.port}" if connection.port else base


def connection_headers(connection: Connection) -> dict[str, str]:
    """The headers that a connection adds: those of its `extra`, and basic authentication from login and password."""
    extra = {key: value for key, value in connection.extra.items() if key not in _OPTIONS}
    named = connection.extra.get("headers")
    headers = {**extra, **(named if isinstance(named, Mapping) else {})}
    result = {name: str(value) for name, value in headers.items() if isinstance(value, str | int | float)}
    if connection.login or connection.password:
        pair = f"{connection.login or ''}:{connection.password or ''}".encode()
        result.setdefault("Authorization", "Basic " + base64.b64encode(pair).decode("ascii"))
    return result


def tls_verification(connection: Connection | None) -> bool | str:
    """The connection's `verify`: False for any certificate, a path for own authorities, otherwise True."""
    verify = connection.extra.get("verify", True) if connection else True
    return verify if isinstance(verify, bool | str) else True


def split_url(url: str) -> SplitResult:
    """The URL's parts; raises PermanentError where it has none that make sense."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise PermanentError("the URL is not valid: its host or port can't be read; correct it") from error
    return parts


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = split_url(url)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
