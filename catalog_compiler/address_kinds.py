"""What kind of address one is: of the open internet, inside the platform, or a cloud's metadata service.

An IPv6 address that carries an IPv4 address is judged by both, since somewhere on its way it becomes the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_METADATA = tuple(
    ip_network(text)
    for text in (
        # Link-local: 169.254.169.254 of most clouds, 169.254.170.2 of ECS tasks, .23 of EKS pods, and their like.
        "169.254.0.0/16",
        "fe80::/10",
        # AWS over IPv6: fd00:ec2::254, and ::23 of EKS pods.
        "fd00:ec2::/32",
        # Google Cloud over IPv6.
        "fd20:ce::254/128",
        # Scaleway over IPv6.
        "fd00:42::42/128",
        # Alibaba Cloud.
        "100.100.100.200/32",
        # The host of each Azure machine, a public address by its number.
        "168.63.129.16/32",
        # Oracle Cloud Classic.
        "192.0.0.192/32",
    )
)

_METADATA_NAMES = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.azure.internal",
        "metadata.goog",
        "metadata.google.internal",
        "metadata.oraclecloud.com",
        "metadata.platformequinix.com",
        "metadata.tencentyun.com",
    }
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_LOW_32_BITS = 0xFFFFFFFF


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the open internet; one that carries an IPv4 address, whether that does as well.

    Loopback, private, link-local, shared, multicast and reserved addresses do not, nor does what clouds use inside.
    """
    return not inner_parts(address)


def is_metadata(address: IpAddress) -> bool:
    """Whether a cloud may answer there with what only the machine itself should know: its credentials, say."""
    return bool(metadata_parts(address))


def inner_parts(address: IpAddress) -> tuple[IpAddress, ...]:
    """Those meanings of an address that do not belong to the open internet."""
    return tuple(meaning for meaning in meanings(address) if not _is_public(meaning))


def metadata_parts(address: IpAddress) -> tuple[IpAddress, ...]:
    """Those meanings of an address where clouds serve metadata."""
    return tuple(meaning for meaning in meanings(address) if _is_metadata(meaning))


def is_metadata_network(network: IpNetwork) -> bool:
    """Whether a network holds nothing but addresses of that kind."""
    return any(network.version == known.version and network.subnet_of(known) for known in _METADATA)  # type: ignore[arg-type]


def is_metadata_name(host: str) -> bool:
    """Whether a cloud gives its metadata service this name."""
    return host in _METADATA_NAMES


def meanings(address: IpAddress) -> Iterator[IpAddress]:
    """The address, and the IPv4 addresses that it carries: mapped, compatible, 6to4, Teredo, NAT64 and ISATAP."""
    if isinstance(address, IPv4Address):
        yield address
        return
    number = int(address)
    if address.ipv4_mapped is not None:
        # It never leaves the machine as IPv6.
        yield address.ipv4_mapped
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    carried = any(address in network for network in (_NAT64, _LOCAL_NAT64, _IPV4_COMPATIBLE))
    if carried or (number >> 32 & _LOW_32_BITS) in _ISATAP:
        yield IPv4Address(number & _LOW_32_BITS)


def _is_public(address: IpAddress) -> bool:
    if not address.is_global or address.is_multicast or _is_metadata(address):
        return False
    return isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST or address in _NAT64


def _is_metadata(address: IpAddress) -> bool:
    return any(_within(address, network) for network in _METADATA)


def _within(address: IpAddress, network: IpNetwork) -> bool:
    return address.version == network.version and address in network
