"""That no request leaves for where it may not go, and that the address that was checked is the one that is called."""

import asyncio
import socket
import threading
from ipaddress import ip_address

import httpcore
import pytest
from pao_actions.address_guard import GuardedBackend
from pao_actions.exceptions import PermanentError

from catalog_compiler.address_rules import AddressRules, allowed_targets


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


PRIVATE = (
    "'{0}' has only private or reserved addresses, and actions may not reach those; use a public address, or have the "
    "operator add '{1}' to [pao] allowed_targets"
)
METADATA = (
    "'{0}' leads to an address where clouds tell machines their credentials, and no action may reach those; use "
    "another target. Where it has to be, the operator can name exactly that address in [pao] allowed_targets"
)


def resolver(monkeypatch, **addresses):
    """Names with their addresses, each once; nothing else is known."""

    def look_up(host, port, **_):
        if host not in addresses:
            raise socket.gaierror(f"{host} is not known")
        return [(0, 0, 0, "", (address, port)) for address in addresses[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def connect(host, port=443, *, allow_private=False, allowed="", network=None):
    reach = AddressRules(allow_private=allow_private, allowed=allowed_targets(allowed))
    network = network or Network()
    asyncio.run(GuardedBackend(reach=reach, network=network).connect_tcp(host, port))
    return network.asked


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("10.0.0.1", "10.0.0.1:443"),
        ("127.0.0.1", "127.0.0.1:443"),
        ("2130706433", "127.0.0.1:443"),
        ("0x7f000001", "127.0.0.1:443"),
        ("0X7F.1", "127.0.0.1:443"),
        ("017700000001", "127.0.0.1:443"),
        ("0177.0.0.1", "127.0.0.1:443"),
        ("127.1", "127.0.0.1:443"),
        ("127.0.1", "127.0.0.1:443"),
        ("10.0.258", "10.0.1.2:443"),
        ("0", "0.0.0.0:443"),
        ("::1", "[::1]:443"),
        ("64:ff9b::a00:1", "[64:ff9b::a00:1]:443"),
        ("2002:a00:1::", "[2002:a00:1::]:443"),
        ("2001:0:a00:1::a247:27dd", "[2001:0:a00:1::a247:27dd]:443"),
        ("inside", "inside:443"),
        ("Inside.Corp.Example.", "inside.corp.example:443"),
    ],
)
def test_a_private_target_is_refused_with_what_the_operator_can_set(monkeypatch, host, entry):
    """Whatever it is written like. Its addresses are not told."""
    resolver(monkeypatch, **{"inside": ["10.1.2.3", "fd12::1"], "Inside.Corp.Example.": ["10.1.2.3"]})

    with pytest.raises(PermanentError) as caught:
        connect(host)

    assert (PRIVATE.format(host, entry), False) == (str(caught.value), caught.value.effect_possible)


@pytest.mark.parametrize(
    ("allowed", "host", "reached"),
    [
        ("inside.corp.example:443", "Inside.Corp.Example.", "10.1.2.3"),
        ("10.0.0.1:443", "10.0.0.1", "10.0.0.1"),
        ("[::ffff:10.0.0.1]:443", "::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ("[2002:a00:1::]:443", "2002:a00:1::", "2002:a00:1::"),
        ("127.0.0.1", "127.1", "127.0.0.1"),
        ("127.0.0.1", "0x7f000001", "127.0.0.1"),
    ],
)
def test_what_the_refusal_names_can_be_set(monkeypatch, allowed, host, reached):
    """And is then reached."""
    resolver(monkeypatch, **{"Inside.Corp.Example.": ["10.1.2.3"]})

    assert [(ip_address(reached), 443)] == [(ip_address(to), port) for to, port in connect(host, allowed=allowed)]


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "fe80::a9fe:a9fe%eth0",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.170.2",
        "metadata.google.internal",
        "rebinding.example",
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_metadata_is_refused_even_where_private_targets_are_allowed(monkeypatch, allow_private, host):
    """With a sentence of its own."""
    names = {"metadata.google.internal": ["169.254.169.254"], "rebinding.example": ["169.254.169.254", "fd00:ec2::254"]}
    resolver(monkeypatch, **names)

    with pytest.raises(PermanentError) as caught:
        connect(host, allow_private=allow_private, allowed="*.google.internal, rebinding.example, 0.0.0.0/0, ::/0")

    assert METADATA.format(host) == str(caught.value)


@pytest.mark.parametrize("host", ["1.2.3.4.5", "256.1.1.1", "0x", "09.1.1.1", "99999999999", "nowhere.example"])
def test_what_is_no_address_and_no_name_is_unknown(monkeypatch, host):
    """Nothing is guessed."""
    resolver(monkeypatch)

    with pytest.raises(httpcore.ConnectError, match="is not a known host"):
        connect(host)


def test_a_name_is_looked_up_once(monkeypatch):
    """Another answer a moment later gains nothing."""
    answers = [["10.0.0.1", "192.168.0.1"], ["93.184.216.34"]]

    def look_up(_host, port, **_):
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    with pytest.raises(PermanentError):
        connect("rebinding.example", 80)

    assert 1 == len(answers)


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
