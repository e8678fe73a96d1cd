"""What the operator allows: private targets by name, pattern, address or network; metadata only one by one."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from catalog_compiler.address_rules import AddressRules, AllowedTargetError, allowed_targets, normal_host

FORMS = (
    "write a host (db.corp.example), a pattern (*.corp.example), an address or a network (10.2.0.0/16), each with or "
    "without a port (db.corp.example:5432, [fd00::1]:443)"
)

METADATA_NETWORK = (
    "'169.254.0.0/16' holds nothing but addresses where clouds serve metadata, which are allowed one by one; name each"
)


def allows(allowed, host, address, port=443, *, allow_private=False):
    rules = AddressRules(allow_private=allow_private, allowed=allowed_targets(allowed))
    return rules.allows(host, port, ip_address(address))


@pytest.mark.parametrize(
    ("allowed", "host", "port", "address", "expected"),
    [
        ("", "example.com", 443, "93.184.216.34", True),
        ("", "db.corp.example", 443, "10.0.0.1", False),
        # Names.
        ("db.corp.example", "db.corp.example", 443, "10.0.0.1", True),
        ("db.corp.example", "DB.Corp.Example", 443, "10.0.0.1", True),
        ("DB.Corp.Example", "db.corp.example", 443, "10.0.0.1", True),
        ("db.corp.example", "db.corp.example.", 443, "10.0.0.1", True),
        ("db.corp.example.", "db.corp.example", 443, "10.0.0.1", True),
        ("db.corp.example", "other.corp.example", 443, "10.0.0.1", False),
        ("db.corp.example", "a.db.corp.example", 443, "10.0.0.1", False),
        ("db.corp.example", "evil-db.corp.example", 443, "10.0.0.1", False),
        ("db.corp.example", "db.corp.example.evil.com", 443, "10.0.0.1", False),
        ("db.corp.example", "10.0.0.1", 443, "10.0.0.1", False),
        ("localhost", "localhost.", 443, "127.0.0.1", True),
        ("my_host", "my_host", 443, "10.0.0.1", True),
        ("bücher.example", "xn--bcher-kva.example", 443, "10.0.0.1", True),
        ("xn--bcher-kva.example", "bücher.example", 443, "10.0.0.1", True),
        ("STRASSE.example", "straße.example", 443, "10.0.0.1", False),
        # Patterns.
        ("*.corp.example", "db.corp.example", 443, "10.0.0.1", True),
        ("*.corp.example", "a.b.corp.example", 443, "10.0.0.1", True),
        ("*.corp.example", "corp.example", 443, "10.0.0.1", False),
        ("*.corp.example", "notcorp.example", 443, "10.0.0.1", False),
        ("*.corp.example", "db.corp.example.evil.com", 443, "10.0.0.1", False),
        # Ports.
        ("db.corp.example:8443", "db.corp.example", 8443, "10.0.0.1", True),
        ("db.corp.example:8443", "db.corp.example", 443, "10.0.0.1", False),
        ("*.corp.example:8443", "db.corp.example", 443, "10.0.0.1", False),
        ("10.0.0.1:8443", "10.0.0.1", 8443, "10.0.0.1", True),
        ("10.0.0.1:8443", "10.0.0.1", 22, "10.0.0.1", False),
        ("10.0.0.0/8:8443", "10.0.0.1", 22, "10.0.0.1", False),
        ("[fd12::1]:8443", "fd12::1", 8443, "fd12::1", True),
        ("[fd12::1]:8443", "fd12::1", 443, "fd12::1", False),
        # Addresses and networks, whatever the name that leads there.
        ("10.0.0.1", "db.corp.example", 443, "10.0.0.1", True),
        ("10.0.0.1", "db.corp.example", 443, "10.0.0.2", False),
        ("10.2.0.0/16", "db.corp.example", 443, "10.2.255.255", True),
        ("10.2.0.0/16", "db.corp.example", 443, "10.3.0.0", False),
        ("fd12::/16", "db.corp.example", 443, "fd12::1", True),
        ("fd12::1", "fd12::1", 443, "fd12::1", True),
        ("[fd12::1]", "fd12::1", 443, "fd12::1", True),
        ("10.2.0.0/16", "fd12::1", 443, "fd12::1", False),
        ("10.2.0.0/16", "x", 443, "::ffff:10.2.0.1", True),
        ("10.2.0.0/16", "x", 443, "64:ff9b::a02:1", True),
        ("10.2.0.0/16", "x", 443, "64:ff9b::a03:1", False),
        ("10.2.0.0/16", "x", 443, "2002:a02:1::", True),
        ("64:ff9b::/96", "x", 443, "64:ff9b::a02:1", True),
        # Several.
        (" a.example , b.example:1,, 10.0.0.0/8 ", "b.example", 1, "192.168.0.1", True),
        (" a.example , b.example:1,, 10.0.0.0/8 ", "c.example", 1, "10.9.9.9", True),
        (" a.example , b.example:1,, 10.0.0.0/8 ", "c.example", 1, "192.168.0.1", False),
    ],
)
def test_private_targets_that_are_named_may_be_reached(allowed, host, port, address, expected):
    """And no others."""
    assert expected is allows(allowed, host, address, port)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "::1", "fd12::1", "64:ff9b::a00:1"])
def test_all_private_targets_may_be_reached_where_they_are_allowed(address):
    """As in a local start."""
    assert allows("", "anything", address, allow_private=True)


@pytest.mark.parametrize(
    ("allowed", "host", "address", "expected"),
    [
        ("", "169.254.169.254", "169.254.169.254", False),
        ("", "168.63.129.16", "168.63.129.16", False),
        ("", "rebinding.example", "fd00:ec2::254", False),
        ("", "x", "::ffff:169.254.169.254", False),
        ("", "x", "64:ff9b::a9fe:a9fe", False),
        ("169.0.0.0/8", "x", "169.254.169.254", False),
        ("0.0.0.0/0", "x", "169.254.169.254", False),
        ("::/0", "x", "fd00:ec2::254", False),
        ("*.google.internal", "metadata.google.internal", "169.254.169.254", False),
        ("rebinding.example", "rebinding.example", "169.254.169.254", False),
        ("169.254.169.253", "x", "169.254.169.254", False),
        ("169.254.169.254:80", "x", "169.254.169.254", False),
        ("169.254.169.254", "x", "169.254.169.254", True),
        ("169.254.169.254/32", "x", "169.254.169.254", True),
        ("169.254.169.254:443", "x", "169.254.169.254", True),
        ("169.254.169.254", "x", "::ffff:169.254.169.254", True),
        ("169.254.169.254", "x", "64:ff9b::a9fe:a9fe", True),
        ("168.63.129.16", "168.63.129.16", "168.63.129.16", True),
        ("fd00:ec2::254", "x", "fd00:ec2::254", True),
        ("metadata.google.internal", "metadata.google.internal.", "169.254.169.254", True),
        ("metadata.google.internal", "x", "169.254.169.254", False),
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_metadata_is_reached_only_where_exactly_it_is_named(allow_private, allowed, host, address, expected):
    """No flag, network, pattern, or name that anyone could let lead there opens it."""
    assert expected is allows(allowed, host, address, allow_private=allow_private)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http://db.corp.example", "'http://db.corp.example' is a URL; write its host, with or without its port"),
        ("https://10.0.0.1:443/", "'https://10.0.0.1:443/' is a URL; write its host, with or without its port"),
        ("10.0.0.0/33", f"'10.0.0.0/33' is no network; {FORMS}"),
        ("db.corp.example/path", f"'db.corp.example/path' is no network; {FORMS}"),
        ("10.2.0.1/16", "'10.2.0.1/16' has bits set beyond its prefix; write 10.2.0.0/16, or the address alone"),
        ("a b.example", f"'a b.example' is neither a host nor a network; {FORMS}"),
        ("a..example", f"'a..example' is neither a host nor a network; {FORMS}"),
        ("-a.example", f"'-a.example' is neither a host nor a network; {FORMS}"),
        (".example", f"'.example' is neither a host nor a network; {FORMS}"),
        ("*", "'*' has a '*' elsewhere than as its first part; write *.corp.example"),
        ("*.*.example", "'*.*.example' has a '*' elsewhere than as its first part; write *.corp.example"),
        ("db-*.example", "'db-*.example' has a '*' elsewhere than as its first part; write *.corp.example"),
        ("*.", f"'*.' is neither a host nor a network; {FORMS}"),
        ("300.1.1.1", f"'300.1.1.1' is neither a host nor a network; {FORMS}"),
        ("2130706433", f"'2130706433' is neither a host nor a network; {FORMS}"),
        ("user@db.example", f"'user@db.example' is neither a host nor a network; {FORMS}"),
        ("fd00::zz", f"'fd00::zz' is neither a host nor a network; {FORMS}"),
        ("db.example:0", "'db.example:0' has '0' where its port should be; write a number from 1 to 65535"),
        ("db.example:65536", "'db.example:65536' has '65536' where its port should be; write a number from 1 to 65535"),
        ("db.example:https", "'db.example:https' has 'https' where its port should be; write a number from 1 to 65535"),
        ("db.example:", "'db.example:' has '' where its port should be; write a number from 1 to 65535"),
        ("[fd00::1]:x", "'[fd00::1]:x' has 'x' where its port should be; write a number from 1 to 65535"),
        ("[fd00::1]x", "'[fd00::1]x' has 'x' where its port should be; write a number from 1 to 65535"),
        (
            "169.254.0.0/16",
            METADATA_NETWORK,
        ),
    ],
)
def test_a_wrong_entry_is_named(text, message):
    """Among others that are right, with what to write instead."""
    with pytest.raises(AllowedTargetError) as caught:
        allowed_targets(f"right.example, {text}, 10.0.0.0/8")

    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("Example.COM.", "example.com"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("127。0。0。1", "127.0.0.1"),
        ("\uff11\uff12\uff17.\uff10.\uff10.\uff11", "127.0.0.1"),
        ("\u2260.example\ud800", "\u2260.example\ud800"),
    ],
)
def test_names_are_compared_in_one_form(host, expected):
    """What is no name stays as it is, and means nothing."""
    assert expected == normal_host(host)
