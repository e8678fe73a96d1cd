"""How calls sign in: basic, bearer, and OAuth 2 tokens by client credentials, from config or connection."""

import asyncio
import base64
import json
from urllib.parse import parse_qsl

import pytest
from pao_actions.http_client import close_clients
from pao_actions.rest_api import RestApi
from pao_actions.testing import FakeClock, MemoryLog, MemorySecrets, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.plan import RetryPlan
from catalog_compiler.templates import Scope
from tests.pao_actions.conftest import Answer

NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=1)


def token(text="t-1", **more):
    return Answer(200, json.dumps({"access_token": text, "token_type": "Bearer", "expires_in": 600, **more}).encode())


def plain(server):
    return server.url.removeprefix("http://")


def oauth2(tokens, **more):
    config = {"token_url": f"{tokens.url}/token", "client_id": "a:b", "client_secret": "c d/ä", **more}
    return {"type": "oauth2", "config": config}


def call(target, authentication, *, connection=None, scope=None, **parts):
    config = {"method": "POST", "url": target.url, "authentication": authentication}
    if connection is not None:
        config |= {"connection": connection.id, "url": "/x"}
    context = make_context(*([connection] if connection else []), **parts)
    return run_action(RestApi(), config, scope=scope, context=context, retry=NO_RETRY)


@pytest.mark.parametrize(
    ("authentication", "header"),
    [
        ({"type": "basic", "config": {"username": "ü", "password": "{{env.P}}"}}, "Basic w7w6cy1lOnN0"),
        ({"type": "basic", "config": {"password": "{{env.P}}"}}, "Basic OnMtZTpzdA=="),
        ({"type": "bearer", "config": {"token": "{{env.T}}"}}, "Bearer t0k3n"),
    ],
)
def test_credentials_of_the_config(target, authentication, header):
    """As `env` references; all are masked."""
    secrets = MemorySecrets()

    call(target, authentication, scope=Scope(env={"P": "s-e:st", "T": " t0k3n "}), secrets=secrets)

    assert header == target.only.headers["authorization"]
    assert header.partition(" ")[2] in {text.strip() for text in secrets.texts}


@pytest.mark.parametrize(("kind", "header"), [("basic", "Basic dTpzM2NyZXQ="), ("bearer", "Bearer s3cret")])
def test_credentials_of_the_connection(target, kind, header):
    """Login and password, or the password as the token."""
    connection = Connection(id="api", type="http", host=target.url, login="u", password="s3cret")
    secrets = MemorySecrets()

    call(target, {"type": kind}, connection=connection, secrets=secrets)

    assert header == target.only.headers["authorization"]
    assert {"s3cret", header.partition(" ")[2]} <= set(secrets.texts)


@pytest.mark.parametrize("style", ["basic", "post"])
def test_fetches_a_token(target, other_target, style):
    """As RFC 6749 (4.4 and 2.3.1) says; neither the key of the action nor anything of the connection goes there."""
    other_target.answers = [token()]
    secrets, log = MemorySecrets(), MemoryLog()
    more = {"scope": "read write", "audience": "https://api", "auth_style": style}

    outcome = call(target, oauth2(other_target, **more), secrets=secrets, log=log)

    assert ("completed", "Bearer t-1") == (outcome.status, target.only.headers["authorization"])
    asked = other_target.only
    form = dict(parse_qsl(asked.body.decode()))
    who = {"client_id": "a:b", "client_secret": "c d/ä"} if style == "post" else {}
    assert {"grant_type": "client_credentials", "scope": "read write", "audience": "https://api", **who} == form
    assert ("POST", "/token", "application/x-www-form-urlencoded") == (
        asked.method,
        asked.path,
        asked.headers["content-type"],
    )
    expected = "Basic " + base64.b64encode(b"a%3Ab:c+d%2F%C3%A4").decode() if style == "basic" else None
    assert expected == asked.headers.get("authorization")
    assert "idempotency-key" not in asked.headers
    assert {"t-1", "c d/ä"} <= set(secrets.texts)
    assert "t-1" not in str(log.events)


def test_a_connection_can_hold_it_all(target, other_target):
    """Login and password as id and secret, the rest in its extra; none of it is sent as a header."""
    other_target.answers = [token()]
    extra = {
        "oauth2": {"token_url": f"{other_target.url}/token", "scope": ["a", "b"], "auth_style": "post"},
        "X-A": "1",
    }
    connection = Connection(id="api", type="http", host=target.url, login="id", password="secret", extra=extra)

    outcome = call(target, {"type": "oauth2"}, connection=connection)

    assert "completed" == outcome.status
    form = dict(parse_qsl(other_target.only.body.decode()))
    assert {"grant_type": "client_credentials", "scope": "a b", "client_id": "id", "client_secret": "secret"} == form
    assert "x-a" not in other_target.only.headers
    assert ("Bearer t-1", "1") == (target.only.headers["authorization"], target.only.headers["x-a"])
    assert "oauth2" not in target.only.headers


def together(*runs):
    """Several actions in one event loop, as in a triggerer: the outcomes are ignored, errors are not."""

    async def host():
        try:
            await asyncio.gather(*(run() for run in runs))
        finally:
            await close_clients()

    asyncio.run(host())


def action(target, tokens, clock=None, before=None, **more):
    """One action of several."""
    config = RestApi.Config(method="POST", url=target.url, authentication=oauth2(tokens, **more))
    context = make_context(clock=clock)

    async def run():
        if before is not None:
            await before()
        await RestApi().run(config, context)

    return run


def test_a_token_is_fetched_once_for_all_who_wait(target, other_target):
    """However many actions start at once; those of another client have their own."""
    other_target.answers = [token()]

    together(*[action(target, other_target) for _ in range(20)])
    assert (20, 1) == (len(target.received), len(other_target.received))

    other_target.received.clear()
    together(action(target, other_target), action(target, other_target, scope="x"))
    assert 2 == len(other_target.received)


@pytest.mark.parametrize(
    ("life", "seconds", "fetched"),
    [
        (600, 539, 1),
        (600, 541, 2),
        (100, 89, 1),
        (100, 91, 2),
        (None, 269, 1),
        (None, 271, 2),
        (0, 0, 2),
        ("60", 53, 1),
    ],
)
def test_a_token_is_kept_until_shortly_before_it_expires(target, other_target, life, seconds, fetched):
    """A minute before, or a tenth of a short life; five minutes where its server does not say."""
    other_target.answers = [token(expires_in=life)]
    clock = FakeClock()
    first = action(target, other_target, clock)
    second = action(target, other_target, clock)

    async def both():
        await first()
        clock.advance(seconds)
        await second()

    together(both)

    assert fetched == len(other_target.received)


def test_whoever_is_stopped_takes_the_token_from_nobody(target, other_target):
    """The fetch goes on for the others."""
    other_target.answers = [token()]

    async def both():
        first = asyncio.create_task(action(target, other_target)())
        second = asyncio.create_task(action(target, other_target)())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await second
        await asyncio.gather(first, return_exceptions=True)

    together(both)

    assert (1, 1) == (len(target.received), len(other_target.received))


def test_a_token_that_is_refused_is_fetched_anew_once(target, other_target):
    """The target may have forgotten it; the call had no effect, so that a POST is sent again."""
    other_target.answers = [token("old"), token("new")]
    target.answers = [Answer(401), Answer(200)]

    outcome = call(target, oauth2(other_target))

    assert ("completed", 1) == (outcome.status, outcome.attempts)
    assert ["Bearer old", "Bearer new"] == [received.headers["authorization"] for received in target.received]


def test_a_new_token_that_is_refused_too(target, other_target):
    """Is the end of it."""
    other_target.answers = [token()]
    target.answers = [Answer(401, b"who?")]

    outcome = call(target, oauth2(other_target))

    assert (2, 2, f"POST {plain(target)} answered 401: who?") == (
        len(target.received),
        len(other_target.received),
        outcome.error.message,
    )
    assert ("permanent", False) == (outcome.error.kind, outcome.error.effect_possible)


def test_a_call_that_was_done_before_a_redirect_is_not_sent_again(target, other_target):
    """The POST was taken and led to a page that wants another token: a second POST could do it twice."""
    other_target.answers = [token()]
    target.answers = [Answer(303, b"", {"Location": "/page"}), Answer(401)]

    outcome = call(target, oauth2(other_target))

    assert ["POST", "GET"] == [received.method for received in target.received]
    assert ("failed", True) == (outcome.status, outcome.error.effect_possible)


@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_other_credentials_that_are_refused_are_not_tried_again(target, kind):
    """They are what they are."""
    target.answers = [Answer(401)]
    config = {"basic": {"username": "u", "password": "p"}, "bearer": {"token": "t"}}[kind]

    call(target, {"type": kind, "config": config})

    assert 1 == len(target.received)


def test_a_status_that_the_item_takes_as_success_is_no_refusal(target, other_target):
    """`success_codes` has the word."""
    other_target.answers = [token()]
    target.answers = [Answer(401)]
    config = {"url": target.url, "authentication": oauth2(other_target), "success_codes": [401]}

    assert ("completed", 1) == (run_action(RestApi(), config).status, len(target.received))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            Answer(401, b'{"error": "invalid_client", "error_description": "no such\\n client"}'),
            "answered 401: invalid_client: no such client; check client id, secret and scope",
        ),
        (Answer(400, b"<h1>Bad</h1>", {"Content-Type": "text/html"}), "answered 400: Bad; check client id, secret and"),
        (Answer(403, b""), "answered 403: nothing more; check client id, secret and scope"),
        (Answer(404, b""), "answered 404"),
        (Answer(200, b"hello"), "answered 200 without an 'access_token'; check 'token_url'"),
        (Answer(200, b'{"access_token": 5}'), "answered 200 without an 'access_token'; check 'token_url'"),
        (Answer(200, b'["access_token"]'), "answered 200 without an 'access_token'; check 'token_url'"),
        (token(token_type="mac"), "gives tokens of type 'mac', and only bearer is known"),
        (Answer(302, b"", {"Location": "/login"}), "answered 302, which is no address to go on to"),
    ],
)
def test_what_a_tokens_server_may_answer(target, other_target, answer, message):
    """The action fails at once, and had no effect; nothing is sent to the target."""
    other_target.answers = [answer]

    outcome = call(target, oauth2(other_target))

    assert outcome.error.message.startswith(f"no access token: POST {plain(other_target)}/token {message}")
    assert ("permanent", False, 1) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)
    assert [] == target.received


def test_a_token_that_can_not_be_a_header(target, other_target):
    """It would break the request."""
    other_target.answers = [token("a\r\nX-Evil: 1")]

    error = call(target, oauth2(other_target)).error

    assert "the token has blanks, line breaks or other characters that no token has; correct it" == error.message
    assert [] == target.received


@pytest.mark.parametrize("answer", [Answer(503, b"later"), Answer(429, b"later", {"Retry-After": "9"})])
def test_a_tokens_server_that_is_away_is_waited_for(target, other_target, answer):
    """Nothing arrived at the target, so that a POST without `retry` is tried again too."""
    other_target.answers = [answer, token()]
    clock = FakeClock()
    config = {"method": "POST", "url": target.url, "authentication": oauth2(other_target)}

    outcome = run_action(RestApi(), config, clock=clock)

    assert ("completed", 2, 1) == (outcome.status, outcome.attempts, len(target.received))
    assert 9.0 == clock.slept[0] or answer.status == 503


def test_the_guard_judges_the_tokens_server_too(target):
    """Its address is as private as any."""
    config = {"method": "POST", "url": "http://example.invalid", "authentication": oauth2(target)}

    outcome = run_action(RestApi(), config, context=make_context(allow_private_addresses=False))

    assert outcome.error.message.startswith("no access token: '127.0.0.1' has only private or reserved addresses")
    assert [] == target.received


@pytest.mark.parametrize(
    ("authentication", "connection", "message"),
    [
        (
            {"type": "basic"},
            None,
            "the authentication has not a username and a password; write it into its config or name a connection",
        ),
        (
            {"type": "bearer"},
            {},
            "the authentication has not a token, and connection 'api' has no password; set one of them",
        ),
        (
            {"type": "oauth2"},
            {"login": "i", "password": "s"},
            (
                "oauth2 needs a 'token_url', and connection 'api' does not say it either; write it into the "
                "authentication's config"
            ),
        ),
        (
            {"type": "oauth2", "config": {"token_url": "https://x"}},
            None,
            "oauth2 needs a 'client_id', and no connection says it either; write it into the authentication's config",
        ),
        (
            {"type": "oauth2"},
            {"login": "i", "password": "s", "extra": {"oauth2": {"token_url": "https://x", "auth_style": "jwt"}}},
            "'auth_style' of oauth2 is basic or post, not 'jwt'; correct it in the connection",
        ),
        (
            {"type": "basic", "config": {"username": "a:b", "password": "p"}},
            None,
            "a username of basic authentication can't have a ':' in it; correct it",
        ),
        (
            {"type": "bearer", "config": {"token": "a b"}},
            None,
            "the token has blanks, line breaks or other characters that no token has; correct it",
        ),
    ],
)  # fmt: skip
def test_credentials_that_are_missing_or_no_good(target, authentication, connection, message):
    """Each with what to do; nothing is sent."""
    api = None if connection is None else Connection(id="api", type="http", host=target.url, **connection)

    outcome = call(target, authentication, connection=api)

    assert (message, "permanent", False) == (
        outcome.error.message,
        outcome.error.kind,
        outcome.error.effect_possible,
    )
    assert [] == target.received


def test_what_an_answer_echoes_can_be_masked(target):
    """Credentials are handed to the host as secrets before they are sent: it masks them in whatever is said of them."""
    target.answers = [Answer(400, b"bad header: Basic dTpzM2NyZXQ= for s3cret")]
    secrets = MemorySecrets()
    connection = Connection(
        id="api", type="http", host=target.url, login="u", password="s3cret", extra={"X-Api-Key": "kkk-9"}
    )

    call(target, None, connection=connection, secrets=secrets)

    assert {"s3cret", "dTpzM2NyZXQ=", "kkk-9"} <= set(secrets.texts)


@pytest.mark.parametrize("before", [0, 100, 150, 185, 199, 300])
def test_an_echo_is_masked_before_it_is_cut(target, before):
    """Half a secret would be found no more."""
    secret = "long-secret-" + "0123456789" * 30
    target.answers = [Answer(400, b"x" * before + b" " + secret.encode() + b" y")]

    error = call(target, {"type": "bearer", "config": {"token": secret}}).error

    assert "long" not in error.message
    assert "0123" not in error.message
