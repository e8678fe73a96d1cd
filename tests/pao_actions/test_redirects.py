"""Where redirects are followed to, as what, and what does not go along."""

import pytest
from pao_actions.rest_api import RestApi
from pao_actions.testing import MemoryLog, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.plan import RetryPlan
from tests.pao_actions.conftest import Answer

NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=1)


def to(place, status=302):
    return Answer(status, b"", {"Location": place})


def plain(url):
    return url.removeprefix("http://")


def connection(target, **extra):
    return Connection(id="api", type="http", host=target.url, login="u", password="s3cret", extra=extra)


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        *[("GET", status, "GET") for status in (301, 302, 303, 307, 308)],
        *[("HEAD", status, "HEAD") for status in (301, 302, 303, 307, 308)],
        *[("POST", status, "GET") for status in (301, 302, 303)],
        *[("PUT", 303, "GET"), ("DELETE", 303, "GET"), ("PATCH", 303, "GET")],
        *[(method, status, method) for method in ("PUT", "PATCH", "DELETE") for status in (301, 302, 307, 308)],
        *[("POST", status, "POST") for status in (307, 308)],
    ],
)
def test_what_a_request_becomes(target, method, status, then):
    """As the fetch standard and HTTP say; what becomes a GET loses its body and the key of the other request."""
    target.answers = [to("/new?x=1", status), Answer(200)]
    config = {"method": method, "url": f"{target.url}/old", "query": {"q": 1}}
    if method in ("POST", "PUT", "PATCH"):
        config["body"] = {"a": 1}

    outcome = run_action(RestApi(), config)

    first, second = target.received
    assert ("completed", "/old?q=1", then, "/new?x=1") == (outcome.status, first.path, second.method, second.path)
    kept = then == method
    assert (first.body if kept else b"") == second.body
    assert ("content-type" in first.headers and kept) == ("content-type" in second.headers)
    assert kept == ("idempotency-key" in second.headers)


@pytest.mark.parametrize(
    ("place", "path"),
    [("../c", "/c"), ("?y=2", "/a/b?y=2"), ("//{host}/d#part", "/d"), ("{url}/ä b", "/%C3%A4%20b"), ("", None)],
)
def test_how_a_place_is_read(target, place, path):
    """Relative to the address that answered; an empty one leads nowhere."""
    target.answers = [to(place.format(url=target.url, host=plain(target.url))), Answer(200)]

    outcome = run_action(RestApi(), {"url": f"{target.url}/a/b"})

    assert ["/a/b", *([path] if path else [])] == [received.path for received in target.received]
    if path is None:
        assert "answered 302, which is no address to go on to" in outcome.error.message


def test_credentials_go_along_within_the_origin(target):
    """Those of the connection, of the item's headers, and of its URL."""
    target.answers = [to("/new"), Answer(200)]
    config = {"connection": "api", "url": "/old", "headers": {"X-Key": "k"}}

    run_action(RestApi(), config, context=make_context(connection(target)))

    assert ("Basic dTpzM2NyZXQ=", "k") == (
        target.received[1].headers["authorization"],
        target.received[1].headers["x-key"],
    )


def test_another_place_is_refused_by_name(target, other_target):
    """Nothing is sent there, and the message says what to do."""
    target.answers = [to(f"{other_target.url.replace('http://', 'http://me:you@')}/x?token=hush")]

    outcome = run_action(RestApi(), {"method": "DELETE", "url": f"{target.url}/old"})

    assert (
        f"DELETE {plain(target.url)}/old answered 302, a redirect to {other_target.url}/x, which is not followed: it "
        "leads to another place, where credentials must not go; write the final address into the item, or have the "
        f"operator add {other_target.url} to 'redirect_origins' in the connection's extra"
    ) == outcome.error.message
    assert ("permanent", True, 1) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)
    assert [] == other_target.received


@pytest.mark.parametrize(
    "place",
    ["https://{host}/x", "http://127.0.0.1:1/x", "http://localhost:{port}/x", "ftp://{host}/x", "file:///etc/passwd"],
)
def test_what_counts_as_another_place(target, place):
    """Another scheme, port or name."""
    host = plain(target.url)
    target.answers = [to(place.format(host=host, port=host.partition(":")[2])), Answer(200)]

    outcome = run_action(RestApi(), {"url": target.url})

    assert "it leads to another place, where credentials must not go" in outcome.error.message
    assert 1 == len(target.received)


def test_a_place_that_makes_no_sense(target):
    """No exception of a library."""
    target.answers = [to("http://[x")]

    error = run_action(RestApi(), {"url": target.url}).error

    assert (
        f"GET {plain(target.url)} answered 302, a redirect to an address that can't be read; write the final address "
        "into the item"
    ) == error.message


def test_an_allowed_place_gets_nothing_that_is_secret(target, other_target):
    """No login, no headers of connection and item, no cookies; the answer is mapped as any."""
    target.answers = [to(f"{other_target.url}/file"), Answer(200)]
    other_target.answers = [Answer(200, b'{"id": 7}')]
    config = {
        "connection": "api",
        "url": "/old",
        "headers": {"X-Key": "k", "Authorization": "Bearer t", "Accept": "application/json"},
        "response_mapping": {"id": "$.id"},
    }
    allowed = connection(target, redirect_origins=[other_target.url], **{"X-Team": "a"})

    outcome = run_action(RestApi(), config, context=make_context(allowed))

    assert {"id": 7, "status_code": 200} == outcome.result.outputs
    headers = other_target.only.headers
    assert {"accept", "accept-encoding", "connection", "host", "user-agent", "x-correlation-id"} == set(headers)
    assert "application/json" == headers["accept"]


def test_a_body_goes_to_no_other_place(target, other_target):
    """Not even to an allowed one."""
    target.answers = [to(f"{other_target.url}/x", 307)]
    config = {"connection": "api", "method": "POST", "url": "/old", "body": {}}

    outcome = run_action(
        RestApi(), config, context=make_context(connection(target, redirect_origins=[other_target.url]))
    )

    assert (
        f"POST {plain(target.url)}/old answered 307, a redirect to {other_target.url}/x, which is not followed: it "
        "leads to another place, and a body is not sent there; write the final address into the item"
    ) == outcome.error.message
    assert [] == other_target.received


@pytest.mark.parametrize(("extra", "most"), [({}, 5), ({"max_redirects": 2}, 2), ({"max_redirects": "1"}, 1)])
def test_how_many_are_followed(target, extra, most):
    """Five, unless the connection says otherwise."""
    target.answers = [to("/again")]

    outcome = run_action(
        RestApi(), {"connection": "api", "url": "/x"}, context=make_context(connection(target, **extra))
    )

    assert most + 1 == len(target.received)
    assert (
        f"answered 302, a redirect to {target.url}/again, which is not followed: it is redirect number {most + 1}, and "
        f"no more than {most} are followed"
    ) in outcome.error.message


def test_a_connection_may_allow_none(target):
    """Airflow's own option."""
    target.answers = [to("/new")]

    outcome = run_action(
        RestApi(),
        {"connection": "api", "url": "/x"},
        context=make_context(connection(target, allow_redirects=False)),
    )

    assert "which is not followed: connection 'api' has redirects followed no further" in outcome.error.message


def test_a_redirect_that_the_item_takes_as_success_is_not_followed(target):
    """`success_codes` says so."""
    target.answers = [to("/new"), Answer(500)]

    outcome = run_action(RestApi(), {"method": "POST", "url": target.url, "success_codes": [302]})

    assert {"status_code": 302} == outcome.result.outputs


@pytest.mark.parametrize(("status", "arrived"), [(302, True), (303, True), (307, False)])
def test_what_was_done_before_a_redirect_counts(target, closed_url, status, arrived):
    """A POST that is answered 302 or 303 may have been done, though the next place can't be reached."""
    target.answers = [to(f"{closed_url}/x", status)]
    config = {"connection": "api", "method": "POST", "url": "/old"}

    outcome = run_action(
        RestApi(), config, context=make_context(connection(target, redirect_origins=[closed_url])), retry=NO_RETRY
    )

    assert arrived == outcome.error.effect_possible
    assert f"GET {plain(closed_url)}/x could not be reached" in outcome.error.message or not arrived


def test_each_redirect_is_told_in_the_log(target):
    """Without its query."""
    target.answers = [to("/new?token=hush"), Answer(200)]
    log = MemoryLog()

    run_action(RestApi(), {"method": "POST", "url": f"{target.url}/old"}, context=make_context(log=log))

    told = {"status": 302, "method": "GET", "place": f"{target.url}/new"}
    assert ("redirect_followed", told) in log.events
    assert "hush" not in str(log.events)
