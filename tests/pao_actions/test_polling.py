"""`poll` and `cancel` of a `rest-api` action: work that goes on after the answer."""

import asyncio
import json

import pytest
from pao_actions.attempts import INTERRUPTED, stop
from pao_actions.rest_api import RestApi
from pao_actions.testing import FakeClock, MemoryLog, MemoryProgress, MemoryState, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.templates import Scope
from tests.pao_actions.conftest import Answer

UNTIL = {"path": "$.status", "in": ["done", "ready"]}
FAILED = {"path": "$.status", "equals": "failed"}


class Killed(BaseException):
    """The host was killed."""


def answer(code=200, headers=None, /, **body):
    return Answer(code, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


ACCEPTED = answer(202, {"Location": "/ops/7"}, id="db-1", operation={"id": "op/7", "n": 3})


def create(target, *answers, config=None, **poll):
    """A POST that is answered 202, and the looks that follow."""
    target.answers = [ACCEPTED, *answers]
    return {
        "method": "POST",
        "url": f"{target.url}/v1/databases",
        "body": {"name": "x"},
        "headers": {"X-Key": "k"},
        "poll": {"until": UNTIL, "failed_when": FAILED, **poll},
        **(config or {}),
    }


def plain(target):
    return target.url.removeprefix("http://")


def test_follows_the_work_until_it_is_done(target):
    """Looks at once, then each interval; outputs are those of the last look, and of the answer for what it lacks."""
    config = create(
        target,
        answer(status="creating"),
        answer(status="creating"),
        answer(status="ready", connection_string="pg://x"),
        config={"response_mapping": {"id": "$.id", "status": "$.status", "connection_string": "$.connection_string"}},
    )
    clock, log, progress = FakeClock(), MemoryLog(), MemoryProgress()

    outcome = run_action(RestApi(), config, context=make_context(log=log, progress=progress), clock=clock)

    assert ("completed", 1) == (outcome.status, outcome.attempts)
    expected = {"id": "db-1", "status": "ready", "connection_string": "pg://x", "status_code": 200}
    assert expected == outcome.result.outputs
    assert [10.0, 10.0] == clock.slept
    assert [None, None] == progress.waits
    first, *looks = target.received
    assert [("GET", "/ops/7", b"")] * 3 == [(look.method, look.path, look.body) for look in looks]
    assert {"k"} == {look.headers["x-key"] for look in looks}
    assert not any({"idempotency-key", "content-type"} & set(look.headers) for look in looks)
    assert "key-1" == first.headers["idempotency-key"]


def test_tells_what_changes_and_nothing_else(target):
    """A line for each news, none for a look that sees the same."""
    config = create(
        target,
        answer(status="queued"),
        answer(status="queued", progress=5),
        Answer(503, b"away"),
        Answer(503, b"away"),
        answer(status="done"),
    )
    log = MemoryLog()

    run_action(RestApi(), config, context=make_context(log=log))

    told = [(event, fields) for event, fields in log.events if event != "attempt_started"]
    assert ["http_call", "poll_begun", "poll_changed", "poll_changed", "poll_changed"] == [event for event, _ in told]
    assert [
        {"status": 200, "found": {"$.status": "queued"}},
        {"problem": f"GET {plain(target)}/ops/7 answered 503: away"},
        {"status": 200, "found": {"$.status": "done"}},
    ] == [fields for event, fields in told if event == "poll_changed"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (None, "/ops/7"),
        ("{Location}", "/ops/7"),
        ("{location}", "/ops/7"),
        ("/v2/ops/{$.operation.id}", "/v2/ops/op%2F7"),
        ("{{env.BASE}}/ops/{$.operation.n}?of={$.id}&x={{fields.x}}", "/ops/3?of=db-1&x=%7B%24.id%7D"),
        ("{$['operation']['id']}", "/v1/op/7"),
    ],
)
def test_where_it_looks(target, url, path):
    """By a header of the answer, or with what a JSONPath finds in it; a value in a place is encoded."""
    config = create(target, answer(status="done"), **({} if url is None else {"url": url}))

    outcome = run_action(RestApi(), config, scope=Scope(env={"BASE": target.url}, fields={"x": "{$.id}"}))

    assert ("completed", path) == (outcome.status, target.received[1].path)


def test_looks_by_the_connection(target):
    """A path starts at its base, and its credentials go along."""
    config = create(target, answer(status="done"), url="/ops/{$.id}")
    connection = Connection(id="api", type="http", host=f"{target.url}/api", login="u", password="p")

    run_action(RestApi(), config | {"connection": "api", "url": "/dbs"}, context=make_context(connection))

    assert ["/api/dbs", "/api/ops/db-1"] == [received.path for received in target.received]
    assert "Basic dTpw" == target.received[1].headers["authorization"]


@pytest.mark.parametrize(
    ("condition", "last"),
    [
        ({"status_codes": [200]}, answer(200)),
        ({"status_codes": [404, 410]}, Answer(404)),
        ({"status_codes": [303]}, Answer(303, b"", {"Location": "/x"})),
        ({"path": "$.status", "equals": "done"}, answer(status="done")),
        ({"path": "$.ready", "equals": True}, answer(ready=True)),
        ({"path": "$.left", "in": [0]}, answer(left=0)),
        ({"path": "$.ended", "exists": True}, answer(ended=None)),
        ({"path": "$.pending", "exists": False}, answer(done=1)),
        ({"path": "$.conditions[?@.type == 'Ready'].status", "equals": "True"},
         answer(conditions=[{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}])),
        ([{"path": "$.status", "equals": "x"}, {"status_codes": [201]}], answer(201)),
        ({"path": "$.status", "equals": "done", "status_codes": [200]}, answer(status="done")),
        ({"path": "$.tags", "equals": ["a", {"b": 1}]}, answer(tags=["a", {"b": 1}])),
    ],
)  # fmt: skip
def test_what_done_means(target, condition, last):
    """A status, or what a path finds."""
    pending = answer(202, left=1, ready=1, status="busy", pending=1)
    config = create(target, pending, pending, last, until=condition, failed_when=None)

    outcome = run_action(RestApi(), config)

    assert ("completed", 4) == (outcome.status, len(target.received))


def test_the_target_says_when_to_look_again(target):
    """A longer wish is heeded, a shorter one leaves the interval; errors that pass are waited out."""
    config = create(
        target,
        answer(202, {"Retry-After": "30"}, status="busy"),
        answer(202, {"Retry-After": "1"}, status="busy"),
        Answer(429, b"", {"Retry-After": "60"}),
        Answer(500),
        answer(status="done"),
        interval=5,
    )
    clock = FakeClock()

    outcome = run_action(RestApi(), config, clock=clock)

    assert ("completed", [30.0, 5.0, 60.0, 5.0]) == (outcome.status, clock.slept)


def test_looks_once_more_when_the_time_is_over(target):
    """And not before: the last pause is as long as the time that is left."""
    config = create(target, answer(status="busy"), answer(status="busy"), answer(status="busy"), answer(status="done"))
    config["poll"] |= {"timeout": 25}
    clock = FakeClock()

    outcome = run_action(RestApi(), config, clock=clock)

    assert ("completed", [10.0, 10.0, 5.0]) == (outcome.status, clock.slept)


def test_a_target_that_breaks_off_is_waited_for(target):
    """Its work goes on without it being reachable."""
    config = create(target, answer(status="busy"), Answer(200, cut=True), answer(status="done"))

    assert "completed" == run_action(RestApi(), config).status


@pytest.mark.parametrize(
    ("answers", "poll", "message"),
    [
        (
            [answer(status="failed", reason="no quota")],
            {},
            (
                'GET {host}/ops/7 says that the work failed: $.status is \'failed\': {{"status": "failed", "reason": '
                '"no quota"}}'
            ),
        ),
        (
            [Answer(500, b"kaput")],
            {"failed_when": {"status_codes": [500]}},
            "GET {host}/ops/7 says that the work failed: it answered 500: kaput",
        ),
        ([Answer(404, b"gone")], {}, "GET {host}/ops/7 answered 404: gone"),
        ([Answer(403, b"")], {}, "GET {host}/ops/7 answered 403"),
        (
            [Answer(302, b"", {"Location": "http://evil.example/x?hush"})],
            {},
            (
                "GET {host}/ops/7 answered 302, a redirect to http://evil.example/x, which is not followed: it leads "
                "to another place, where credentials must not go; write the final address into the item, or have the "
                "operator add http://evil.example to 'redirect_origins' in the connection's extra"
            ),
        ),
        (
            [answer(status="busy")],
            {"timeout": 25},
            (
                "GET {host}/ops/7 was not done within 25 seconds by $.status; the last answer was 200: "
                "{{\"status\": \"busy\"}}; look at the target, or raise 'timeout' in 'poll'"
            ),
        ),
        (
            [Answer(200, b"<p>maintenance</p>", {"Content-Type": "text/html"})],
            {"timeout": 25},
            (
                "GET {host}/ops/7 was not done within 25 seconds by $.status; the last answer was 200: maintenance; "
                "look at the target, or raise 'timeout' in 'poll'"
            ),
        ),
        (
            [Answer(503, b"")],
            {"timeout": 25},
            "what goes on was not done within 25 seconds by $.status; look at the target, or raise 'timeout' in 'poll'",
        ),
        (
            [answer()],
            {"url": "{Operation-Location}"},
            (
                "POST {host}/v1/databases answered 202, but the answer has no header 'Operation-Location', so what "
                "goes on there can't be followed; correct the 'url' in 'poll' or 'cancel'"
            ),
        ),
        (
            [answer()],
            {"url": "/ops/{$.operation}"},
            (
                "POST {host}/v1/databases answered 202, but the answer holds no text or number at $.operation, so what "
                "goes on there can't be followed; correct the 'url' in 'poll' or 'cancel'"
            ),
        ),
    ],
)
def test_how_following_fails(target, answers, poll, message):
    """At once, with effects to undo, and with what there is as the result."""
    config = create(target, *answers, config={"response_mapping": {"id": "$.id", "status": "$.status"}}, **poll)

    outcome = run_action(RestApi(), config)

    assert message.replace("{host}", plain(target)).replace("{{", "{").replace("}}", "}") == outcome.error.message
    assert ("failed", "permanent", True, 1) == (
        outcome.status,
        outcome.error.kind,
        outcome.error.effect_possible,
        outcome.attempts,
    )
    assert "db-1" == outcome.result.outputs["id"]


@pytest.mark.parametrize("value", [".", ".."])
def test_a_value_of_the_answer_that_would_lead_elsewhere(target, value):
    """A path is where its author means it to be."""
    config = create(target, answer(status="done"), url="/ops/{$.id}")
    target.answers[0] = answer(202, id=value)

    outcome = run_action(RestApi(), config)

    assert f"the answer's value for '{{$.id}}' is '{value}', which would change where the URL leads" == (
        outcome.error.message
    )
    assert 1 == len(target.received)


def test_an_answer_that_leads_to_another_place(target, other_target):
    """Credentials do not go there; an allowed place is looked at without them."""
    place = f"{other_target.url}/ops/7"
    config = create(target, url="{$.link}") | {"connection": "api", "url": "/x"}
    target.answers = [answer(202, link=place)]
    other_target.answers = [answer(status="done")]

    def run(**extra):
        api = Connection(id="api", type="http", host=target.url, login="u", password="p", extra=extra)
        return run_action(RestApi(), config, context=make_context(api))

    assert (
        f"the answer says to go on at {place}, which is another place than the action calls, and credentials must not "
        f"go there; have the operator add {other_target.url} to 'redirect_origins' in the connection's extra"
    ) == run().error.message
    assert [] == other_target.received
    assert "completed" == run(redirect_origins=[other_target.url]).status
    assert not {"authorization", "x-key"} & set(other_target.only.headers)


def test_goes_on_after_a_restart(target):
    """Killed while waiting: the call is not made again, the time of the first answer counts, outputs are kept."""
    config = create(target, answer(status="busy"), answer(status="busy"), answer(status="done"))
    config |= {"response_mapping": {"id": "$.id"}, "poll": config["poll"] | {"timeout": 100}}
    state = MemoryState()

    class Dying(FakeClock):
        async def sleep(self, _seconds):
            raise Killed

    with pytest.raises(Killed):
        run_action(RestApi(), config, context=make_context(state=state), clock=Dying())
    outcome = run_action(RestApi(), config, context=make_context(state=state))

    assert ("completed", 1, "db-1") == (outcome.status, outcome.attempts, outcome.result.outputs["id"])
    assert ["POST", "GET", "GET", "GET"] == [received.method for received in target.received]


def test_time_goes_on_while_no_host_does(target):
    """The timeout counts from the first answer."""
    config = create(target, answer(status="busy"), timeout=100)
    state = MemoryState()

    class Dying(FakeClock):
        async def sleep(self, _seconds):
            raise Killed

    with pytest.raises(Killed):
        run_action(RestApi(), config, context=make_context(state=state), clock=Dying())
    later = FakeClock()
    later.advance(101)
    outcome = run_action(RestApi(), config, context=make_context(state=state), clock=later)

    assert "was not done within 100 seconds" in outcome.error.message


def test_killed_between_the_answer_and_its_record(target):
    """The call is not made twice: nobody knows what it was answered."""

    class Dying(MemoryState):
        async def save(self, state):
            if "action" in state:
                raise Killed
            await super().save(state)

    state = Dying()
    config = create(target, answer(status="done"))

    with pytest.raises(Killed):
        run_action(RestApi(), config, context=make_context(state=state))
    outcome = run_action(RestApi(), config, context=make_context(state=state))

    assert ("outcome_unknown", INTERRUPTED, 1) == (outcome.status, outcome.error.message, len(target.received))


def test_what_is_stored_holds_no_secrets(target):
    """Neither secret outputs, nor what the URL's query and login hold; links of the answer are sealed."""
    config = create(target, answer(status="done", password="pw-9"))
    config |= {
        "url": f"{target.url.replace('http://', 'http://u:hush@')}/x?token=hush",
        "response_mapping": {"password": "$.password", "hidden": "$.operation.id", "id": "$.id"},
        "sensitive_outputs": ["hidden"],
    }
    place = {"Location": "/ops/7?signature=hush"}
    target.answers[0] = answer(202, place, id="db-1", password="hush", operation={"id": "hush"})
    target.answers[1] = answer(status="done", password="pw-9", operation={"id": "o"})
    state = MemoryState()

    outcome = run_action(RestApi(), config, context=make_context(state=state))

    assert "completed" == outcome.status
    assert "hush" not in json.dumps(state.saves)
    assert {"password", "hidden"} == outcome.result.sensitive


def test_an_attempt_that_runs_out_of_time_goes_on_looking(target):
    """The item's `timeout` ends an attempt, not the work."""
    config = create(target, answer(status="busy"), answer(status="done"))
    state = MemoryState()

    assert RestApi.resumes({"begun": {}})
    assert not RestApi.resumes({})
    run_action(RestApi(), config, context=make_context(state=state))
    assert {"begun"} == set(state.saves[-1]["action"])


STOP = {"url": "/ops/{$.operation.n}/cancel", "body": {"reason": "stopped"}}


def stopped(target, cancel, *answers, begun=True, **more):
    """Stop an action while it waits: its log, and its outcome."""
    config = create(target, answer(status="busy"), *answers, config={"cancel": cancel, **more})
    state, log = MemoryState(), MemoryLog()

    class Dying(FakeClock):
        async def sleep(self, _seconds):
            raise Killed

    if begun:
        with pytest.raises(Killed):
            run_action(RestApi(), config, context=make_context(state=state), clock=Dying())
    return log, asyncio.run(stop(RestApi(), config, context=make_context(state=state, log=log), seconds=5))


@pytest.mark.parametrize("status", [200, 202, 204, 404, 409, 410])
def test_a_stop_reaches_the_outside(target, status):
    """What has ended or is gone is stopped too."""
    log, _ = stopped(target, STOP, Answer(status))

    last = target.received[-1]
    assert ("POST", "/ops/3/cancel", b'{"reason": "stopped"}') == (last.method, last.path, last.body)
    assert "application/json" == last.headers["content-type"]
    assert ("cancel_sent", {"status": status}) in log.events


def test_a_stop_at_the_place_where_it_looks(target):
    """Without a `url`: the answer's own."""
    stopped(target, {"method": "DELETE"}, Answer(204))

    assert ("DELETE", "/ops/7") == (target.received[-1].method, target.received[-1].path)


WHY = "stopped, because the request was cancelled, it was marked failed in Airflow, or its run ran out of time"


@pytest.mark.parametrize(
    ("cancel", "last", "why"),
    [
        (STOP, Answer(403, b"no"), "POST {host}/ops/3/cancel answered 403: no"),
        (None, None, "its config has no 'cancel' call that would stop it"),
        ({"url": "{Other}"}, None, "the first answer held nothing for '{Other}', so where to go on is not known"),
    ],
)
def test_what_can_not_be_stopped_is_told(target, cancel, last, why):
    """A person must look at it."""
    _, outcome = stopped(target, cancel, *([last] if last else []))

    message = f"{WHY}; what it began outside may go on, because {why.replace('{host}', plain(target))}: look at it"
    assert message == outcome.error.message


def test_a_stop_before_the_answer(target):
    """There is nothing to go by."""
    _, outcome = stopped(target, STOP, begun=False)

    assert "because its call was not answered yet, so there is nothing to stop it by" in outcome.error.message
    assert [] == target.received


def test_what_a_stopped_action_had_made(target):
    """Its undo finds it."""
    _, outcome = stopped(target, STOP, Answer(204), response_mapping={"id": "$.id", "password": "$.operation.id"})

    assert (WHY, {"id": "db-1"}) == (outcome.error.message, outcome.result.outputs)
