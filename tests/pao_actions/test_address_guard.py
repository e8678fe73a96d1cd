"""Which addresses belong to the open internet, and that the checked one is the one that is called."""

import asyncio
import socket
from ipaddress import ip_address

import pytest
from pao_actions.address_guard import GuardedBackend, is_public
from pao_actions.exceptions import PermanentError


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


def test_a_name_that_changes_its_address_gains_nothing(monkeypatch):
    """The address that was checked is connected to; the name is looked up once for each connection."""
    answers = [["10.0.0.1", "192.168.0.1"], ["93.184.216.34"]]

    def look_up(_host, port, **_):
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    with pytest.raises(PermanentError, match=r"'rebinding\.example' has only private or reserved addresses"):
        asyncio.run(GuardedBackend(allow_private_addresses=False).connect_tcp("rebinding.example", 80))

    assert 1 == len(answers)
