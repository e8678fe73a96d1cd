"""The `rest-api` action against a real server."""

import asyncio
import json

import pytest
from pao_actions.attempts import UNANSWERED, perform
from pao_actions.http_client import close_clients
from pao_actions.rest_api import RestApi
from pao_actions.testing import FakeClock, MemoryGate, MemoryState, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.plan import RetryPlan
from catalog_compiler.templates import Scope
from tests.pao_actions.conftest import Answer

NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=1)


def test_calls_with_a_body_and_maps_the_answer(target):
    """The example of the documentation: a POST, and outputs by JSONPath."""
    target.answers = [Answer(201, b'{"id": 7, "connection": {"url": "postgres://x"}, "nodes": [{"ip": 1}, {"ip": 2}]}')]
    config = {
        "method": "POST",
        "url": "{{env.BASE}}/v1/databases",
        "headers": {"Authorization": "Bearer {{env.TOKEN}}"},
        "body_template": '{"name": "{{fields.name}}", "size": {{fields.size}}}',
        "response_mapping": {
            "id": "$.id",
            "connection_string": "$.connection.url",
            "ips": "$.nodes[*].ip",
            "absent": "$.absent?",
        },
    }
    scope = Scope(fields={"name": "orders", "size": 3}, env={"BASE": target.url, "TOKEN": "t-1"})

    outcome = run_action(RestApi(), config, scope=scope)

    assert ("completed", 1) == (outcome.status, outcome.attempts)
    expected = {"id": 7, "connection_string": "postgres://x", "ips": [1, 2], "absent": None, "status_code": 201}
    assert expected == outcome.result.outputs
    assert {"connection_string"} == outcome.result.sensitive
    assert ("POST", "/v1/databases") == (target.only.method, target.only.path)
    assert {"name": "orders", "size": 3} == json.loads(target.only.body)
    assert "Bearer t-1" == target.only.headers["authorization"]
    assert "application/json" == target.only.headers["content-type"]
    assert ("key-1", "corr-1") == (target.only.headers["idempotency-key"], target.only.headers["x-correlation-id"])


@pytest.mark.parametrize(
    ("content_type", "body", "sent"),
    [
        ("application/json", {"a": ["{{fields.x}}", "{{fields.n}}"]}, b'{"a": ["a&b \xc3\xa4", 5]}'),
        ("application/vnd.x+json; charset=utf-8", ["{{fields.n}}"], b"[5]"),
        (
            "application/x-www-form-urlencoded",
            {"a": "{{fields.x}}", "b": [1, 2], "c": None},
            b"a=a%26b%20%C3%A4&b=1&b=2",
        ),
    ],
)
def test_writes_a_structured_body_for_its_type(target, content_type, body, sent):
    """JSON or a form; lists in a form repeat, null leaves out."""
    config = {"method": "PUT", "url": target.url, "headers": {"content-type": content_type}, "body": body}

    run_action(RestApi(), config, scope=Scope(fields={"x": "a&b ä", "n": 5}))

    assert sent == target.only.body
    assert content_type == target.only.headers["content-type"]


def test_adds_a_query(target):
    """To the one that the URL has; a list repeats, null leaves out."""
    config = {"url": f"{target.url}/x?a=1#f", "query": {"q": "{{fields.q}}", "n": [1, True], "no": None}}

    run_action(RestApi(), config, scope=Scope(fields={"q": "a&b=c d"}))

    assert "/x?a=1&q=a%26b%3Dc%20d&n=1&n=true" == target.only.path


def test_a_connection_gives_base_credentials_and_headers(target):
    """As Airflow's own hook reads it: host, login and password, and `extra` as headers."""
    host, port = target.url.removeprefix("http://").split(":")
    connection = Connection(
        id="api",
        type="http",
        host=host,
        port=int(port),
        login="u",
        password="p",
        extra={"X-Team": "a", "verify": False},
    )

    run_action(
        RestApi(),
        {"connection": "api", "url": "/v1/{{fields.x}}"},
        scope=Scope(fields={"x": "a/b"}),
        context=make_context(connection),
    )

    assert "/v1/a%2Fb" == target.only.path
    assert ("Basic dTpw", "a") == (target.only.headers["authorization"], target.only.headers["x-team"])
    assert "verify" not in target.only.headers


@pytest.mark.parametrize("found", [None, b"no certificate"])
def test_a_connection_whose_authorities_cant_be_read_is_named(target, tmp_path, found):
    """Nothing was sent, so there is nothing to undo."""
    file = tmp_path / "authorities.pem"
    if found is not None:
        file.write_bytes(found)
    connection = Connection(id="api", type="http", host=target.url, extra={"verify": str(file)})
    config = {"url": "/things", "method": "POST", "connection": "api"}

    outcome = run_action(RestApi(), config, context=make_context(connection))

    assert ("permanent", False) == (outcome.error.kind, outcome.error.effect_possible)
    assert f"connection 'api' names '{file}' as its 'verify'" in outcome.error.message
    assert "put the file where the triggerer runs, or correct 'verify'" in outcome.error.message
    assert [] == target.received


def test_credentials_never_leave_for_another_host(target):
    """A URL that leads away from the connection is refused before anything is sent."""
    connection = Connection(id="api", type="http", host="https://api.example.com", login="u", password="p")

    outcome = run_action(RestApi(), {"connection": "api", "url": target.url}, context=make_context(connection))

    assert "leads to another host than connection 'api'" in outcome.error.message
    assert [] == target.received


@pytest.mark.parametrize(
    "parts",
    [{"login": "u"}, {"password": "p"}, {"extra": {"X-Key": "k"}}, {"extra": {"oauth2": {}}}, {"extra": {"cert": "c"}}],
)
def test_credentials_without_a_host_go_nowhere(target, parts):
    """Whoever writes an item must not choose who gets them."""
    connection = Connection(id="api", type="http", **parts)

    error = run_action(RestApi(), {"connection": "api", "url": target.url}, context=make_context(connection)).error

    assert (
        "connection 'api' has credentials or headers and no host, so that an item could send them anywhere; set its "
        "host"
    ) == error.message
    assert [] == target.received


def test_a_connection_may_hold_options_alone(target):
    """Such as a proxy, for any target."""
    connection = Connection(id="api", type="http", extra={"timeout": 5})

    assert (
        "completed"
        == run_action(RestApi(), {"connection": "api", "url": target.url}, context=make_context(connection)).status
    )


def test_what_the_item_sets_wins(target):
    """Its own headers replace those that are sent by themselves."""
    run_action(
        RestApi(), {"url": target.url, "headers": {"idempotency-key": "mine", "X-Correlation-Id": "too", "X-Number": 5}}
    )

    assert [("mine", "too", "5")] == [
        (
            target.only.headers["idempotency-key"],
            target.only.headers["x-correlation-id"],
            target.only.headers["x-number"],
        )
    ]


@pytest.mark.parametrize(
    ("method", "status", "attempts"),
    [
        *[("GET", status, 4) for status in (408, 425, 429, 500, 502, 503, 599)],
        *[("GET", status, 1) for status in (301, 400, 401, 403, 404, 409, 422)],
        *[(method, 500, 4) for method in ("HEAD", "OPTIONS", "PUT", "DELETE")],
        *[(method, 500, 1) for method in ("POST", "PATCH")],
    ],
)
def test_which_answers_are_tried_again(target, method, status, attempts):
    """Temporary ones, where the method can be repeated."""
    target.answers = [Answer(status)]

    outcome = run_action(RestApi(), {"method": method, "url": target.url})

    assert ("failed", attempts, attempts) == (outcome.status, outcome.attempts, len(target.received))


def test_an_item_with_retry_repeats_a_post(target):
    """The author says that it is safe; the key lets the target see that it is the same call."""
    target.answers = [Answer(500), Answer(200)]

    outcome = run_action(
        RestApi(), {"method": "POST", "url": target.url}, retry=RetryPlan(attempts=1, delay=1, max_delay=9)
    )

    assert ("completed", 2) == (outcome.status, outcome.attempts)
    assert {"key-1"} == {received.headers["idempotency-key"] for received in target.received}


def test_waits_as_long_as_the_target_asks(target):
    """`Retry-After` in seconds."""
    target.answers = [Answer(429, headers={"Retry-After": "42"}), Answer(200)]
    clock = FakeClock()

    run_action(RestApi(), {"url": target.url}, clock=clock)

    assert [42.0] == clock.slept


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            Answer(
                500, b"<html><style>p{}</style><h1>Boom &amp; gone</h1>\n<p>x</p></html>", {"Content-Type": "text/html"}
            ),
            "answered 500: Boom & gone x; gave up after 1 try",
        ),
        (Answer(400, b"bad\r\n\tname" + b"!" * 500), "answered 400: bad name!!!"),
        (
            Answer(302, headers={"Location": "http://evil/?x=hush"}),
            "answered 302, a redirect to http://evil/, which is not",
        ),
        (Answer(404, b""), "answered 404"),
        (Answer(418, b"\x00\x01"), "answered 418"),
    ],
)
def test_an_error_names_target_status_and_a_short_excerpt(target, answer, message):
    """One line, no markup, no query, no credentials."""
    target.answers = [answer]
    url = target.url.replace("http://", "http://user:hush@") + "/v1/x?token=hush"

    error = run_action(RestApi(), {"url": url}, retry=NO_RETRY).error

    assert f"GET {target.url.removeprefix('http://')}/v1/x {message}" in error.message
    assert "hush" not in error.message
    assert "\n" not in error.message
    assert len(error.message) < 350


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(200, b"<html>hello</html>", {"Content-Type": "text/html"}), "the answer is not JSON"),
        (Answer(200, b'{"uid": 1}'), "output 'id': the path $.id finds nothing"),
        (Answer(204, b""), "output 'id': the path $.id finds nothing"),
        (Answer(200, b"[" * 100_000), "the answer is not JSON"),
        (Answer(200, b'{"id": "' + b"x" * 1_100_000 + b'"}'), "more than 1048576 bytes"),
    ],
)
def test_a_success_that_does_not_hold_the_outputs_fails(target, answer, message):
    """The target has acted, so a rollback undoes this action too."""
    target.answers = [answer]
    config = {"method": "POST", "url": target.url, "response_mapping": {"id": "$.id"}}

    outcome = run_action(RestApi(), config)

    assert ("failed", "permanent", True, 1) == (
        outcome.status,
        outcome.error.kind,
        outcome.error.effect_possible,
        outcome.attempts,
    )
    assert message in outcome.error.message


def test_an_answer_that_nobody_reads_may_be_large(target):
    """Without a mapping only the status counts."""
    target.answers = [Answer(200, b"x" * 1_100_000)]

    assert "completed" == run_action(RestApi(), {"url": target.url}).status


def test_null_counts_as_found(target):
    """A singular path gives the value that is there."""
    target.answers = [Answer(200, b'{"id": null}')]

    assert {"id": None, "status_code": 200} == run_action(
        RestApi(), {"url": target.url, "response_mapping": {"id": "$.id"}}
    ).result.outputs


@pytest.mark.parametrize(
    ("codes", "status", "ending"),
    [([200], 201, "failed"), ([404], 404, "completed"), ([503], 503, "completed"), ([302], 302, "completed")],
)
def test_the_item_may_say_what_success_is(target, codes, status, ending):
    """`success_codes` replaces 200 to 299."""
    target.answers = [Answer(status)]

    assert ending == run_action(RestApi(), {"method": "POST", "url": target.url, "success_codes": codes}).status


@pytest.mark.parametrize(
    ("method", "status", "ending"),
    [("DELETE", 404, "completed"), ("DELETE", 410, "completed"), ("DELETE", 403, "failed"), ("POST", 404, "failed")],
)
def test_a_delete_that_finds_nothing_is_undone(target, method, status, ending):
    """As a rollback; its mapping has nothing to read then."""
    target.answers = [Answer(status)]
    config = {"method": method, "url": target.url, "response_mapping": {"id": "$.id"}}

    assert ending == run_action(RestApi(), config, context=make_context(undoing=True)).status


def test_a_delete_of_something_missing_is_an_error_outside_a_rollback(target):
    """Only an undo may find it gone."""
    target.answers = [Answer(404)]

    assert "failed" == run_action(RestApi(), {"method": "DELETE", "url": target.url}).status


def test_a_target_that_is_down(closed_url):
    """Nothing arrived, so that even a POST is tried again, and a rollback leaves it alone."""
    outcome = run_action(RestApi(), {"method": "POST", "url": f"{closed_url}/x"})

    assert ("temporary", False, 4) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)
    assert f"POST {closed_url.removeprefix('http://')}/x could not be reached" in outcome.error.message


def test_a_name_with_several_addresses(target):
    """The first one that answers is taken: this server listens on IPv4 alone."""
    url = target.url.replace("127.0.0.1", "localhost")

    assert "completed" == run_action(RestApi(), {"url": url}).status
    assert url.removeprefix("http://") == target.only.headers["host"]


def test_a_target_that_does_not_exist():
    """A name without an address."""
    error = run_action(RestApi(), {"url": "http://nowhere.invalid/x"}, retry=NO_RETRY).error

    assert "GET nowhere.invalid/x could not be reached: nowhere.invalid is not a known host" in error.message


def test_a_target_that_is_slow(target):
    """The request arrived, so that a POST is not sent again."""
    target.answers = [None]

    outcome = run_action(RestApi(), {"method": "POST", "url": target.url, "timeout": 0.2})

    assert ("outcome_unknown", True, 1) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)
    assert "gave no answer within 0.2 seconds; whether it did what it was asked is not known" in outcome.error.message


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "2130706433"])
def test_private_addresses_are_refused(host, target):
    """However they are written; nothing is sent."""
    port = target.url.rpartition(":")[2]

    outcome = run_action(
        RestApi(),
        {"method": "POST", "url": f"http://{host}:{port}/"},
        context=make_context(allow_private_addresses=False),
    )

    assert ("failed", "permanent", False, 1) == (
        outcome.status,
        outcome.error.kind,
        outcome.error.effect_possible,
        outcome.attempts,
    )
    assert "has only private or reserved addresses" in outcome.error.message
    assert [] == target.received


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://h/x", "only http and https can be called, not 'ftp'"),
        ("file:///etc/passwd", "only http and https can be called, not 'file'"),
        ("http://h:99999999/x", "the URL is not valid"),
        ("/x", "the URL has no scheme and host"),
        ("http://[/x", "the URL is not valid"),
        ("http:///x", "the request's URL or headers are not valid"),
    ],
)
def test_a_url_that_cannot_be_called(url, message):
    """Whole URLs come from variables, so this shows at run time."""
    outcome = run_action(RestApi(), {"url": "{{env.URL}}"}, scope=Scope(env={"URL": url}))

    assert ("permanent", 1) == (outcome.error.kind, outcome.attempts)
    assert message in outcome.error.message


def test_a_connection_that_is_missing():
    """The sentence of the connection's lookup."""
    assert "connection 'api' does not exist" in run_action(RestApi(), {"connection": "api", "url": "/x"}).error.message


def test_cookies_of_one_request_do_not_travel_with_another(target):
    """The client is shared, what targets set is not."""
    target.answers = [Answer(500, headers={"Set-Cookie": "session=1"}), Answer(200)]

    run_action(RestApi(), {"url": target.url})

    assert "cookie" not in target.received[1].headers


def test_knows_its_outputs():
    """Checks ask which references to a response can exist."""
    assert {"id", "status_code"} == RestApi.outputs({"response_mapping": {"id": "$.id"}})


@pytest.mark.parametrize(("url", "sensitive", "link"), [
    ("https://console.example.com/db/1", [], "https://console.example.com/db/1"),
    ("https://console.example.com/db/1", ["url"], None),
    ("javascript:alert(1)", [], None),
    (5, [], None),
])  # fmt: skip
def test_an_output_called_url_is_the_actions_link(target, url, sensitive, link):
    """For people, in the API and in Airflow's UI; nothing that is secret, or no address of the web."""
    target.answers = [Answer(200, json.dumps({"link": url}).encode())]
    config = {"url": target.url, "response_mapping": {"url": "$.link"}, "sensitive_outputs": sensitive}

    assert link == run_action(RestApi(), config).result.url


def test_a_target_that_hangs_is_ill_though_the_attempt_ends_first(target):
    """Otherwise a short `timeout` of items would hide it from the breaker."""
    target.answers = [None]
    gate = MemoryGate()

    async def host():
        try:
            return await perform(
                RestApi(),
                {"method": "POST", "url": target.url},
                retry=NO_RETRY,
                timeout=0.6,
                context=make_context(gate=gate),
            )
        finally:
            await close_clients()

    outcome = asyncio.run(host())

    host_and_port = target.url.removeprefix("http://")
    assert ("outcome_unknown", [host_and_port]) == (outcome.status, gate.found_ill)


def test_a_target_is_not_ill_because_a_person_stopped_the_action(target):
    """It might have answered."""
    target.answers = [None]
    gate = MemoryGate()

    async def host():
        running = asyncio.create_task(RestApi().run(RestApi.Config(url=target.url), make_context(gate=gate)))
        await asyncio.to_thread(target.reached.wait)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await close_clients()

    asyncio.run(host())

    assert [] == gate.found_ill


@pytest.mark.parametrize(
    ("answer", "ill"),
    [
        (Answer(500), True),
        (Answer(503), True),
        (Answer(200, cut=True), True),
        (Answer(404), False),
        (Answer(429), False),
    ],
)
def test_which_answers_make_a_target_ill(target, answer, ill):
    """For its breaker."""
    target.answers = [answer]
    gate = MemoryGate()

    run_action(RestApi(), {"url": target.url}, context=make_context(gate=gate), retry=NO_RETRY)

    assert ([target.url.removeprefix("http://")] if ill else []) == gate.found_ill


class Killed(BaseException):
    """The host was killed."""


class DiesAfterCalling(RestApi):
    """Between the effect and its record."""

    async def run(self, config, context):
        await super().run(config, context)
        raise Killed


@pytest.mark.parametrize(
    ("method", "retry", "status", "sent"),
    [
        ("POST", None, "outcome_unknown", 1),
        ("PATCH", None, "outcome_unknown", 1),
        ("POST", RetryPlan(attempts=2, delay=0, max_delay=1), "completed", 2),
        ("PUT", None, "completed", 2),
        ("DELETE", None, "completed", 2),
        ("GET", None, "completed", 2),
    ],
)
def test_an_effect_happens_once_though_the_host_dies(target, method, retry, status, sent):
    """What can't be repeated is not; what is repeated has the same key, by which the target knows it again."""
    state = MemoryState()
    config = {"method": method, "url": target.url}

    with pytest.raises(Killed):
        run_action(DiesAfterCalling(), config, context=make_context(state=state), retry=retry)
    outcome = run_action(RestApi(), config, context=make_context(state=state), retry=retry)

    assert (status, sent) == (outcome.status, len(target.received))
    assert {"key-1"} == {received.headers["idempotency-key"] for received in target.received}


@pytest.mark.parametrize(
    ("method", "retry", "status", "sent"),
    [
        ("POST", None, "outcome_unknown", 1),
        ("POST", RetryPlan(attempts=1, delay=0, max_delay=1), "completed", 2),
        ("PUT", None, "completed", 2),
    ],
)
def test_an_answer_that_is_lost_after_the_effect(target, method, retry, status, sent):
    """The target did it and the connection ended: a POST is not sent again by itself."""
    target.answers = [Answer(201, cut=True), Answer(200)]

    outcome = run_action(RestApi(), {"method": method, "url": target.url}, retry=retry)

    assert (status, sent) == (outcome.status, len(target.received))
    if status == "outcome_unknown":
        host = target.url.removeprefix("http://")
        assert (
            f"POST {host} broke off the call: Server disconnected without sending a response.; {UNANSWERED}"
        ) == outcome.error.message


def test_a_costly_path_ends(target):
    """The loop goes on meanwhile, and the message says what to do."""
    nested = b'{"a":' * 90 + b"1" + b"}" * 90
    target.answers = [Answer(200, b"[" + b",".join([nested] * 500) + b"]")]
    config = {"method": "POST", "url": target.url, "response_mapping": {"x": "$..[?count(@..*) > 5]..a"}}

    error = run_action(RestApi(), config).error

    assert (
        "but output 'x': the path $..[?count(@..*) > 5]..a looks at, or finds, more than 300000 values; write one that "
        "goes straight to what it needs; it begins: [{"
    ) in error.message
    assert error.effect_possible


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"id": "a\\u0000b"}', "holds a NUL character or half a surrogate pair, which can't be kept"),
        (b'{"id": "\\ud800"}', "holds a NUL character or half a surrogate pair, which can't be kept"),
        (b'{"id": {"\\udfff": 1}}', "holds a NUL character or half a surrogate pair, which can't be kept"),
        (b'{"id": [1e999]}', "holds a number that is too large, which can't be kept"),
        (b'{"id": NaN}', "the answer is not JSON"),
        (b'{"id": -Infinity}', "the answer is not JSON"),
        (b'{"id": ' + b"9" * 5000 + b"}", "the answer is not JSON"),
        (b"\xff\xfe", "the answer is not JSON"),
    ],
)
def test_outputs_that_no_database_stores(target, body, message):
    """They end the action in a sentence, not later in an error of the database."""
    target.answers = [Answer(200, body)]

    error = run_action(RestApi(), {"url": target.url, "response_mapping": {"id": "$.id"}}).error

    assert message in error.message


def test_what_a_failed_mapping_found_is_told(target):
    """So that a rollback can use it."""
    target.answers = [Answer(201, b'{"id": 7}')]
    config = {"method": "POST", "url": target.url, "response_mapping": {"id": "$.id", "name": "$.name"}}

    outcome = run_action(RestApi(), config)

    assert ("failed", {"id": 7, "status_code": 201}) == (outcome.status, outcome.result.outputs)
