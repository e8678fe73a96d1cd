"""Which addresses and hosts outgoing requests may reach: what the platform's operator allows.

The open internet may be reached, addresses inside the platform only where the operator says so, and what clouds tell
their machines (`address_kinds.is_metadata`) only where the operator names exactly that address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Self

import idna

from catalog_compiler.address_kinds import (
    IpAddress,
    IpNetwork,
    inner_parts,
    is_metadata_name,
    is_metadata_network,
    is_public,
    metadata_parts,
)

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_FORMS = (
    "write a host (db.corp.example), a pattern (*.corp.example), an address or a network (10.2.0.0/16), each with or "
    "without a port (db.corp.example:5432, [fd00::1]:443)"
)
_LAST_PORT = 65_535


class AllowedTargetError(ValueError):
    """An entry of the list can't be read, or would allow nothing; the message names it and says what to write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedTarget:
    """One entry of the operator's list."""

    network: IpNetwork | None = None
    """Addresses; None for an entry of names."""
    name: str = ""
    """A host's name in lower case, without a dot at its end, international ones in their ASCII form."""
    below: bool = False
    """Whether every name below `name` is meant, and not the name itself."""
    port: int | None = None
    """The only port, or None for all."""

    @classmethod
    def read(cls, text: str) -> Self:
        """One entry; raises AllowedTargetError."""
        if "://" in text:
            raise AllowedTargetError(f"'{text}' is a URL; write its host, with or without its port")
        host, port = _split_port(text)
        if (network := _network(host, text)) is not None:
            return cls(network=network, port=port)
        below = host.startswith("*.")
        name = normal_host(host.removeprefix("*."))
        if "*" in name:
            raise AllowedTargetError(f"'{text}' has a '*' elsewhere than as its first part; write *.corp.example")
        if not all(_LABEL.fullmatch(label) for label in name.split(".")) or name.rpartition(".")[2].isdigit():
            raise AllowedTargetError(f"'{text}' is neither a host nor a network; {_FORMS}")
        return cls(name=name, below=below, port=port)

    def is_named(self, host: str, port: int) -> bool:
        """Whether this entry is of names, and means this host; `host` as `normal_host` gives it."""
        if self.network is not None or self.port not in (None, port):
            return False
        return host.endswith(f".{self.name}") if self.below else host == self.name

    def holds(self, address: IpAddress, port: int) -> bool:
        """Whether this entry is of addresses, and means this one."""
        return (
            self.network is not None
            and self.port in (None, port)
            and self.network.version == address.version
            and address in self.network
        )

    @property
    def exact(self) -> bool:
        """Whether it names one host or one address."""
        return not self.below if self.network is None else self.network.num_addresses == 1


def allowed_targets(text: str) -> tuple[AllowedTarget, ...]:
    """The entries of a list that is separated by commas; raises AllowedTargetError."""
    return tuple(AllowedTarget.read(entry.strip()) for entry in text.split(",") if entry.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressRules:
    """The operator's rules, applied where a connection is made (`pao_actions.address_guard`)."""

    allow_private: bool = False
    """Whether private and loopback addresses may be reached (a local start allows them)."""
    allowed: tuple[AllowedTarget, ...] = ()
    """Private targets that may be reached all the same."""

    def allows(self, host: str, port: int, address: IpAddress) -> bool:
        """Whether a request for that host, as it was written, may go to that address, which the host has."""
        if is_public(address):
            return True
        name = normal_host(host)
        if metadata := metadata_parts(address):
            # A name is no leave to go there, since whoever owns it may let it lead anywhere.
            exact = AddressRules(allowed=tuple(entry for entry in self.allowed if entry.exact))
            return (is_metadata_name(name) and exact._names(name, port)) or exact._hold(address, metadata, port)
        return self.allow_private or self._names(name, port) or self._hold(address, inner_parts(address), port)

    def _names(self, name: str, port: int) -> bool:
        return any(entry.is_named(name, port) for entry in self.allowed)

    def _hold(self, address: IpAddress, parts: Iterable[IpAddress], port: int) -> bool:
        """Whether entries hold the address as it is, or every part of it that matters."""
        return self._holds(address, port) or all(self._holds(part, port) for part in parts)

    def _holds(self, address: IpAddress, port: int) -> bool:
        return any(entry.holds(address, port) for entry in self.allowed)


def normal_host(host: str) -> str:
    """A host's name as it is compared: lower case, no dot at the end, international names in their ASCII form."""
    lower = host.lower().removesuffix(".")
    if lower.isascii():
        return lower
    try:
        return idna.encode(lower, uts46=True).decode("ascii")
    except idna.IDNAError:
        return lower


def _split_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        colon, port = rest[:1], rest.removeprefix(":")
    else:
        host, colon, port = text.rpartition(":")
        if not colon or ":" in host:
            # Without a port: a name, or an IPv6 address as it is.
            return text, None
    if not colon:
        return host, None
    if not re.fullmatch("[0-9]{1,5}", port, re.ASCII) or not 1 <= int(port) <= _LAST_PORT:
        raise AllowedTargetError(f"'{text}' has '{port}' where its port should be; write a number from 1 to 65535")
    return host, int(port)


def _network(host: str, text: str) -> IpNetwork | None:
    """The addresses that an entry means; None where it is one of names."""
    try:
        network = ip_network(host, strict=False)
    except ValueError:
        if "/" in host:
            raise AllowedTargetError(f"'{text}' is no network; {_FORMS}") from None
        return None
    if "/" in host and ip_address(host.partition("/")[0]) != network.network_address:
        raise AllowedTargetError(f"'{text}' has bits set beyond its prefix; write {network}, or the address alone")
    if network.num_addresses > 1 and is_metadata_network(network):
        raise AllowedTargetError(
            f"'{text}' holds nothing but addresses where clouds serve metadata, which are allowed one by one; name each"
        )
    return network
