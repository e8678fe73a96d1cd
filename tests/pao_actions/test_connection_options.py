"""The options of an `http` connection's extra: each works, or is refused or named. None is silently ignored."""

import socket
import socketserver
import threading

import pytest
from pao_actions.connection_options import OPTIONS
from pao_actions.rest_api import RestApi
from pao_actions.testing import MemoryLog, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.address_rules import AddressRules, allowed_targets
from catalog_compiler.plan import RetryPlan
from tests.pao_actions.certificates import Authority, server_context
from tests.pao_actions.conftest import serving

NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=1)


def call(target, config=None, url=None, log=None, context=None, **extra):
    connection = Connection(id="api", type="http", host=url or target.url, extra=extra)
    parts = {"log": log or MemoryLog(), **(context or {})}
    return run_action(
        RestApi(),
        {"connection": "api", "url": "/x", **(config or {})},
        context=make_context(connection, **parts),
        retry=NO_RETRY,
    )


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("srv_lookup", True, "addresses are not looked up by SRV records; write host and port"),
        ("srv_lookup", "yes", "write true or false"),
        ("verify", 5, "write a path, true or false"),
        ("verify", ["a"], "write a path, true or false"),
        ("cert", 5, "write the certificate's path, or a list of the paths of certificate and key"),
        ("cert", ["a"], "write the certificate's path, or a list of the paths of certificate and key"),
        ("cert", ["a", 5], "write the certificate's path, or a list of the paths of certificate and key"),
        ("proxy", 5, "write the proxy's URL, as in http://proxy.example.com:3128"),
        ("proxy", "proxy:3128", "only http and https proxies can be used, as in http://proxy.example.com:3128"),
        (
            "proxy",
            "socks5://proxy:1080",
            "only http and https proxies can be used, as in http://proxy.example.com:3128",
        ),
        ("timeout", 0, "write a number above 0, at most 3600"),
        ("timeout", "soon", "write a number above 0, at most 3600"),
        ("timeout", True, "write a number above 0, at most 3600"),
        ("timeout", 9999, "write a number above 0, at most 3600"),
        ("timeout", [1, 2], "write a number above 0, at most 3600"),
        ("allow_redirects", "never", "write true or false"),
        ("max_redirects", -1, "write a number above -1, at most 20"),
        ("max_redirects", 21, "write a number above -1, at most 20"),
        ("redirect_origins", "https://a", "write a list of origins, as in ['https://files.example.com']"),
        ("redirect_origins", [5], "write a list of origins, as in ['https://files.example.com']"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(target, option, value, sentence):
    """With the names of connection and option; nothing is sent."""
    outcome = call(target, **{option: value})

    assert f"connection 'api' has a '{option}' in its extra that can't be used: {sentence}" == outcome.error.message
    assert ("permanent", False) == (outcome.error.kind, outcome.error.effect_possible)
    assert [] == target.received


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ({"proxies": {"http": "ftp://p"}}, "has a 'proxies' in its extra that can't be used: only http and https"),
        ({"proxies": ["http://p"]}, "has a 'proxy' in its extra that can't be used: write the proxy's URL"),
    ],
)
def test_proxies_that_make_no_sense(target, extra, sentence):
    """As in `requests`: by scheme."""
    assert sentence in call(target, **extra).error.message


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("check_response", False, "the item's 'success_codes' say which answers are successes"),
        ("trust_env", True, "proxies are taken from the connection's 'proxy' alone, never from the environment"),
    ],
)
def test_what_has_no_effect_is_told_in_the_log(target, option, value, reason):
    """Other DAGs may need it, so that it is no error."""
    log = MemoryLog()

    assert "completed" == call(target, log=log, **{option: value}).status
    assert ("connection_option_ignored", {"connection": "api", "option": option, "reason": reason}) in log.events


def test_no_option_is_sent_as_a_header(target):
    """What is neither an option nor a header's text is nothing."""
    good = {
        "allow_redirects": True,
        "check_response": True,
        "headers": {"X-Named": "1"},
        "max_redirects": 3,
        "oauth2": {"scope": "a"},
        "proxies": {},
        "proxy": "",
        "redirect_origins": [],
        "srv_lookup": False,
        "stream": False,
        "timeout": "9.5",
        "trust_env": False,
        "verify": True,
        "verify_ssl": True,
        "cert": "",
    }
    assert set(good) == OPTIONS
    log = MemoryLog()

    assert "completed" == call(target, log=log, **good, **{"X-Own": "2", "nothing": None, "list": []}).status
    assert not set(target.only.headers) & (OPTIONS | {"nothing", "list"})
    assert ("1", "2") == (target.only.headers["x-named"], target.only.headers["x-own"])
    assert [] == [event for event, _ in log.events if event == "connection_option_ignored"]


@pytest.mark.parametrize(("config", "seconds"), [({}, "0.2"), ({"timeout": 0.3}, "0.3")])
def test_its_timeout_holds_where_the_item_says_none(target, config, seconds):
    """The item has the last word."""
    target.answers = [None]

    error = call(target, config, timeout=0.2).error

    assert f"gave no answer within {seconds} seconds" in error.message


@pytest.mark.parametrize("form", ["proxy", "proxies", "all"])
def test_calls_go_through_its_proxy(other_target, form):
    """Whose name nobody here must know the target's; its login goes to the proxy alone."""
    proxy = other_target.url.replace("http://", "http://me:p%40w@")
    extra = {"proxy": proxy} if form == "proxy" else {"proxies": {"http" if form == "proxies" else "all": proxy}}

    outcome = call(None, url="http://api.invalid:81", **extra)

    assert ("completed", "http://api.invalid:81/x", "api.invalid:81") == (
        outcome.status,
        other_target.only.path,
        other_target.only.headers["host"],
    )
    assert "Basic bWU6cEB3" == other_target.only.headers["proxy-authorization"]


@pytest.fixture
def tunnel():
    """A proxy that makes tunnels, and notes what it was asked."""
    asked = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            line = self.rfile.readline().decode()
            asked.append(line.split()[:2])
            while self.rfile.readline().strip():
                pass
            host, port = line.split()[1].split(":")
            if host == "refused.invalid":
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            with socket.create_connection((host, int(port))) as target:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=pipe, args=(target, self.connection))
                back.start()
                pipe(self.connection, target)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def pipe(source, sink):
    try:
        while data := source.recv(4096):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_tls_goes_through_a_tunnel(tunnel, tmp_path):
    """The proxy sees host and port; the certificate is the target's."""
    proxy, asked = tunnel
    authority = Authority(tmp_path)
    with serving(server_context(authority.pair("server", address="127.0.0.1"))) as server:
        outcome = call(server, proxy=proxy, verify=str(authority.path))

        assert ("completed", "/x") == (outcome.status, server.only.path)
        assert [["CONNECT", server.url.removeprefix("https://")]] == asked


def test_a_proxy_that_refuses_has_sent_nothing(tunnel):
    """What it was asked is no call of the target, so that even a POST is tried again."""
    outcome = call(None, {"method": "POST"}, url="https://refused.invalid", proxy=tunnel[0])

    assert ("temporary", False) == (outcome.error.kind, outcome.error.effect_possible)
    assert "POST refused.invalid/x could not be reached: 403 Forbidden" in outcome.error.message


def test_a_proxy_leads_to_no_private_address(target, other_target):
    """The proxy is allowed, its target is judged all the same."""
    allowed = AddressRules(allowed=allowed_targets(other_target.url.removeprefix("http://")))

    outcome = call(target, context={"reach": allowed}, proxy=other_target.url)

    assert "'127.0.0.1' has only private or reserved addresses" in outcome.error.message
    assert [] == other_target.received


def test_a_proxy_is_itself_judged(closed_url):
    """As everything that is connected to."""
    outcome = call(None, url="http://api.invalid", context={"reach": AddressRules()}, proxy=closed_url)

    assert "has only private or reserved addresses, and actions may not reach those" in outcome.error.message
