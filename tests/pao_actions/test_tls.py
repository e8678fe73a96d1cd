"""TLS against real servers: whom a call trusts, and the certificate that it shows."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from pao_actions.rest_api import RestApi
from pao_actions.testing import MemoryGate, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.plan import RetryPlan
from tests.pao_actions.certificates import Authority, server_context
from tests.pao_actions.conftest import Answer, serving

NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=1)
FILES = (
    "put the files where the triggerer runs, or correct 'cert' in the connection's extra: a path, or a list of the "
    "paths of certificate and key"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """An authority, a server that it certified, and one that asks for clients that it certified."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority(folder)
    pair = authority.pair("server", address="127.0.0.1")
    with serving(server_context(pair)) as server, serving(server_context(pair, clients_of=authority)) as strict:
        yield SimpleNamespace(
            folder=folder,
            authority=authority,
            other=Authority(folder, "other"),
            server=server,
            strict=strict,
            client=authority.pair("client"),
        )


@pytest.fixture(autouse=True)
def fresh(world):
    """Each test sees its own requests alone."""
    for server in (world.server, world.strict):
        server.received.clear()
        server.answers = [Answer()]


def call(server, gate=None, **extra):
    connection = Connection(id="api", type="http", host=server.url, extra=extra)
    config = {"connection": "api", "url": "/x", "method": "POST"}
    context = make_context(connection, gate=gate or MemoryGate())
    return run_action(RestApi(), config, context=context, retry=NO_RETRY)


def host(server):
    return server.url.removeprefix("https://")


def test_an_authority_of_the_connection_is_trusted(world):
    """By `verify`, a file."""
    assert "completed" == call(world.server, verify=str(world.authority.path)).status


@pytest.mark.parametrize("verify", [False, "false"])
def test_any_certificate_is_trusted_where_the_connection_says_so(world, verify):
    """Its owner decides."""
    assert "completed" == call(world.server, verify=verify).status


@pytest.mark.parametrize("trusted", ["all", "other"])
def test_a_server_that_is_not_trusted_gets_nothing(world, trusted):
    """It fails at once, in a sentence, and the server is not called ill: it is well, only not trusted."""
    extra = {} if trusted == "all" else {"verify": str(world.other.path)}

    gate = MemoryGate()

    outcome = call(world.server, gate=gate, **extra)

    assert ("permanent", False, 1) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)
    assert outcome.error.message.startswith(
        f"POST {host(world.server)}/x can't be called: its certificate is not trusted: "
    )
    assert outcome.error.message.endswith(
        "; have its operator mend it, or name a connection whose 'verify' is the path of the authority's certificate"
    )
    assert ([], []) == (world.server.received, gate.found_ill)


def test_a_certificate_for_another_name(world):
    """What it is for is in the message."""
    connection = Connection(
        id="api",
        type="http",
        host=world.server.url.replace("127.0.0.1", "localhost"),
        extra={"verify": str(world.authority.path)},
    )

    error = run_action(
        RestApi(), {"connection": "api", "url": "/x"}, context=make_context(connection), retry=NO_RETRY
    ).error

    assert "its certificate is not trusted: Hostname mismatch" in error.message


def test_a_certificate_that_ran_out(world):
    """In OpenSSL's words."""
    with serving(server_context(world.authority.pair("old", days=-1, address="127.0.0.1"))) as old:
        error = call(old, verify=str(world.authority.path)).error

    assert "its certificate is not trusted: certificate has expired" in error.message


@pytest.mark.parametrize("form", ["list", "one file"])
def test_shows_the_connections_certificate(world, form):
    """Certificate and key, in two files or in one."""
    cert = [str(world.client.certificate), str(world.client.key)]
    if form == "one file":
        both = world.folder / "both.pem"
        both.write_bytes(world.client.certificate.read_bytes() + world.client.key.read_bytes())
        cert = str(both)

    assert "completed" == call(world.strict, verify=str(world.authority.path), cert=cert).status


@pytest.mark.parametrize("with_one", [False, True])
def test_a_server_that_wants_another_certificate(world, with_one):
    """None, or one that it does not accept: refused before it reads a request, so that nothing is to be undone."""
    stranger = world.other.pair("stranger")
    cert = {"cert": [str(stranger.certificate), str(stranger.key)]} if with_one else {}

    outcome = call(world.strict, verify=str(world.authority.path), **cert)

    assert ("permanent", False, 1) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)
    why = "unknown ca" if with_one else "certificate required"
    assert (
        f"POST {host(world.strict)}/x can't be called: it refused the TLS connection: {why}; where it asks for a "
        "client certificate, name a connection with one in 'cert'; otherwise it does not accept that certificate"
    ) == outcome.error.message
    assert [] == world.strict.received


def test_a_client_certificate_that_ran_out_is_named(world):
    """Before anything is sent."""
    old = world.authority.pair("old-client", days=-3)

    error = call(world.strict, cert=[str(old.certificate), str(old.key)]).error

    day = (datetime.now(UTC) - timedelta(days=3)).date()
    assert (
        f"the client certificate '{old.certificate}' of connection 'api' expired on {day}; put a renewed one in its "
        "place"
    ) == error.message


def test_files_that_are_missing_or_no_good_are_named(world):
    """Each with what to do."""
    absent, text = world.folder / "absent.crt", world.folder / "text.crt"
    text.write_text("no certificate")
    locked = world.authority.pair("locked", password="hush")
    crt = str(world.client.certificate)

    for cert, named in [
        (str(absent), absent),
        ([crt, str(absent)], absent),
        (str(text), text),
        (crt, crt),
        ([crt, str(world.authority.pair("other-key").key)], crt),
        ([str(locked.certificate), str(locked.key)], locked.certificate),
    ]:
        outcome = call(world.strict, cert=cert)
        assert outcome.error.message.startswith(
            f"connection 'api' names '{named}' as its 'cert', which can't be read as a client certificate and its key ("
        )
        assert outcome.error.message.endswith(FILES)
        assert ("permanent", False) == (outcome.error.kind, outcome.error.effect_possible)


def test_a_renewed_certificate_is_read(world):
    """Files are replaced while the triggerer runs."""
    pair = world.authority.pair("renewed", days=-1)
    cert, verify = [str(pair.certificate), str(pair.key)], str(world.authority.path)
    assert "expired on" in call(world.strict, cert=cert, verify=verify).error.message

    world.authority.pair("renewed", days=5)

    assert "completed" == call(world.strict, cert=cert, verify=verify).status


def test_a_server_that_does_not_speak_tls(world, target):
    """Is no reason to wait."""
    connection = Connection(id="api", type="http", host=target.url.replace("http:", "https:"))
    gate = MemoryGate()

    outcome = run_action(
        RestApi(), {"connection": "api", "url": "/x"}, context=make_context(connection, gate=gate), retry=NO_RETRY
    )

    assert "could not be reached" in outcome.error.message
