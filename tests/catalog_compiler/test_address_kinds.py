"""What kind of address one is, whatever form it is wrapped in."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from catalog_compiler.address_kinds import is_metadata, is_metadata_network, is_public

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "168.63.129.15",
    "2606:2800:220:1::1",
    "::ffff:93.184.216.34",
    "64:ff9b::5db8:d822",
    "2002:5db8:d822::1",
]
PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "100::1",
    "2001:db8::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "e000::1",
    # IPv4 addresses inside: mapped, compatible, NAT64, 6to4, Teredo (server, client), ISATAP.
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::10.0.0.1",
    "::93.184.216.34",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "64:ff9b:1::5db8:d822",
    "2002:a00:1::",
    "2002:7f00:1::",
    "2001:0:a00:1::a247:27dd",
    "2001:0:5db8:d822::f5ff:fffe",
    "2606:2800:220:1:0:5efe:a00:1",
    "2606:2800:220:1:200:5efe:7f00:1",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.23",
    "169.254.42.42",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:42::42",
    "fe80::a9fe:a9fe",
    "fe80::1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::f5ff:fffe",
    "2001:0:5db8:d822::5601:5601",
    "2606:2800:220:1:0:5efe:a9fe:a9fe",
    "::ffff:168.63.129.16",
    "64:ff9b::a83f:8110",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_open_internet_is_public(address):
    """By its number, and by that which it carries."""
    assert (True, False) == (is_public(ip_address(address)), is_metadata(ip_address(address)))


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_inside_is_not_public(address):
    """Loopback, private, shared, reserved, documentation, multicast."""
    assert (False, False) == (is_public(ip_address(address)), is_metadata(ip_address(address)))


@pytest.mark.parametrize("address", METADATA)
def test_where_clouds_serve_metadata_is_known(address):
    """Never public, not even that of Azure, which looks so."""
    assert (False, True) == (is_public(ip_address(address)), is_metadata(ip_address(address)))


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("169.254.0.0/16", True),
        ("169.254.169.0/24", True),
        ("169.254.169.254/32", True),
        ("fe80::/64", True),
        ("fd00:ec2::/48", True),
        ("169.0.0.0/8", False),
        ("10.0.0.0/8", False),
        ("fd00::/8", False),
    ],
)
def test_networks_of_metadata_alone_are_known(network, expected):
    """A wider one may be meant for what else it holds."""
    assert expected is is_metadata_network(ip_network(network))
