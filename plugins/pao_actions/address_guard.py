"""Keeps outgoing requests away from addresses inside the platform.

The guard works where the connection is made: the address that was checked is the one that is connected to, so a name
that resolves differently a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address, ip_address

import httpcore
from httpcore import SOCKET_OPTION

from catalog_compiler.address_kinds import IpAddress, is_metadata
from catalog_compiler.address_rules import AddressRules, normal_host
from pao_actions.exceptions import PermanentError

# The loop's own threads are few, and may all be waiting for a secrets backend while a call's time runs.
_resolvers = ThreadPoolExecutor(max_workers=16, thread_name_prefix="pao-resolver")

_NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}\.?", re.IGNORECASE | re.ASCII)
"""The spellings of an IPv4 address that resolvers take: up to four numbers, each decimal, octal or hexadecimal."""

_METADATA_REFUSAL = (
    "leads to an address where clouds tell machines their credentials, and no action may reach those; use another "
    "target. Where it has to be, the operator can name exactly that address in [pao] allowed_targets"
)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to checked addresses only."""

    def __init__(self, *, reach: AddressRules, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        """Connect by `network`, by default httpcore's own."""
        self._reach = reach
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve the host and connect to its first allowed address that answers; `timeout` is for each step.

        Raises:
            PermanentError: if the host has addresses, and none is allowed.
            httpcore.ConnectError: if the host is unknown or does not answer.
        """
        addresses = await allowed_addresses(host, port, reach=self._reach, limit=timeout)
        options = tuple(socket_options or ())
        error: Exception | None = None
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout=timeout, local_address=local_address, socket_options=options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failure:
                error = failure
        raise error or httpcore.ConnectError(f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks between its own retries."""
        await asyncio.sleep(seconds)


async def allowed_addresses(
    host: str, port: int, *, reach: AddressRules, limit: float | None = None
) -> tuple[IpAddress, ...]:
    """The addresses of a host that may be connected to, in the resolver's order; `limit` is in seconds.

    For types that open connections by other means than `GuardedBackend`: they connect to one of these, not to the name.

    Raises:
        PermanentError: if the host has addresses, and none is allowed.
        httpcore.ConnectError: if the host is unknown.
    """
    addresses = await _resolve(host, port, limit)
    allowed = tuple(address for address in addresses if reach.allows(host, port, address))
    if addresses and not allowed:
        raise PermanentError(_refusal(host, port, addresses))
    return allowed


def _refusal(host: str, port: int, addresses: tuple[IpAddress, ...]) -> str:
    """Why none of a host's addresses may be reached. It does not tell them: who asks may not know the network."""
    if all(is_metadata(address) for address in addresses):
        return f"'{host}' {_METADATA_REFUSAL}"
    literal = _literal(host)
    name = normal_host(host) if literal is None else f"[{literal}]" if literal.version == 6 else str(literal)  # noqa: PLR2004
    return (
        f"'{host}' has only private or reserved addresses, and actions may not reach those; use a public address, or "
        f"have the operator add '{name}:{port}' to [pao] allowed_targets"
    )


async def _resolve(host: str, port: int, limit: float | None) -> tuple[IpAddress, ...]:
    if (literal := _literal(host)) is not None:
        return (literal,)
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        async with asyncio.timeout(limit):
            found = await asyncio.get_running_loop().run_in_executor(_resolvers, look_up)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"looking up {host} took too long") from error
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} is not a known host") from error
    # A scope (`fe80::1%eth0`) is no part of the address that is judged.
    return tuple(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def _literal(host: str) -> IpAddress | None:
    """The address that is written instead of a name, in any spelling; None for a name."""
    with suppress(ValueError):
        return ip_address(host.partition("%")[0])
    if not _NUMBERS.fullmatch(host):
        return None
    try:
        # Resolvers differ in what they make of these, so nothing is left to them.
        return IPv4Address(socket.inet_aton(host.removesuffix(".")))
    except OSError as error:
        raise httpcore.ConnectError(f"{host} is not a known host") from error
