"""Which addresses belong to the open internet, and that the checked one is the one that is called."""

import asyncio
import socket
import threading
from ipaddress import ip_address

import httpcore
import pytest
from pao_actions.address_guard import GuardedBackend, is_public
from pao_actions.exceptions import PermanentError

from catalog_compiler.address_rules import AddressRules


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::5db8:d822", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("100.100.100.200", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("240.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_knows_public_addresses(address, public):
    """Private, loopback, link-local, shared, reserved and multicast ones are not, whatever they are wrapped in."""
    assert public is is_public(ip_address(address))


def test_a_name_with_private_addresses_alone_is_refused(monkeypatch):
    """It is looked up once; another answer a moment later gains nothing."""
    answers = [["10.0.0.1", "192.168.0.1"], ["93.184.216.34"]]

    def look_up(_host, port, **_):
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    with pytest.raises(PermanentError, match=r"'rebinding\.example' has only private or reserved addresses"):
        asyncio.run(GuardedBackend(reach=AddressRules()).connect_tcp("rebinding.example", 80))

    assert 1 == len(answers)


class Network(httpcore.AsyncNetworkBackend):
    """Keeps what it is asked to connect to; those of `away` do not answer."""

    def __init__(self, *away):
        self.asked = []
        self.away = away

    async def connect_tcp(self, host, port, **_):
        self.asked.append((host, port))
        if host in self.away:
            raise httpcore.ConnectError(f"{host} is away")
        return httpcore.AsyncMockStream([])


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch):
    """Never the name, which whoever connects would look up anew; private addresses among them are passed over."""
    addresses = ["10.0.0.1", "93.184.216.34", "2606:2800:220:1::1"]
    looked_up = []

    def look_up(host, port, **_):
        looked_up.append(host)
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    network = Network("93.184.216.34")

    asyncio.run(GuardedBackend(reach=AddressRules(), network=network).connect_tcp("rebinding.example", 443))

    assert [("93.184.216.34", 443), ("2606:2800:220:1::1", 443)] == network.asked
    assert ["rebinding.example"] == looked_up


def test_a_resolver_that_hangs_is_given_up(monkeypatch):
    """As a connection that is not made in time, so that the call is tried again."""
    closing = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: closing.wait())
    network = Network()
    guard = GuardedBackend(reach=AddressRules(), network=network)

    try:
        with pytest.raises(httpcore.ConnectTimeout, match=r"looking up slow\.example took too long"):
            asyncio.run(guard.connect_tcp("slow.example", 443, timeout=0.01))
    finally:
        closing.set()

    assert [] == network.asked
