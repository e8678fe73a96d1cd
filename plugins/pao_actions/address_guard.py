"""Keeps outgoing requests away from addresses inside the platform.

The guard works where the connection is made: the address that was checked is the one that is connected to, so a name
that resolves differently a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpcore
from httpcore import SOCKET_OPTION

from catalog_compiler.address_rules import AddressRules
from pao_actions.exceptions import PermanentError

# The loop's own threads are few, and may all be waiting for a secrets backend while a call's time runs.
_resolvers = ThreadPoolExecutor(max_workers=16, thread_name_prefix="pao-resolver")

_NAT64 = IPv6Network("64:ff9b::/96")

IpAddress = IPv4Address | IPv6Address


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the open internet; one that embeds an IPv4 address is judged by that as well.

    Loopback, private, link-local (where clouds serve metadata), shared, multicast and reserved addresses do not.
    """
    return all(part.is_global and not part.is_multicast for part in _meanings(address))


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
        addresses = await self._allowed(host, port, timeout)
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

    async def _allowed(self, host: str, port: int, limit: float | None) -> tuple[IpAddress, ...]:
        addresses = await _resolve(host, port, limit)
        if self._reach.allow_private:
            return addresses
        allowed = tuple(address for address in addresses if is_public(address))
        if addresses and not allowed:
            raise PermanentError(
                f"'{host}' has only private or reserved addresses, and actions may not reach those; "
                "use a public address, or have the operator allow private addresses"
            )
        return allowed


def _meanings(address: IpAddress) -> Iterator[IpAddress]:
    if isinstance(address, IPv4Address):
        yield address
        return
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is None and address in _NAT64:
        embedded = IPv4Address(int(address) & 0xFFFFFFFF)
    if embedded is not None:
        yield embedded
    if address.ipv4_mapped is None:
        yield address


async def _resolve(host: str, port: int, limit: float | None) -> tuple[IpAddress, ...]:
    with suppress(ValueError):
        return (ip_address(host.partition("%")[0]),)
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
