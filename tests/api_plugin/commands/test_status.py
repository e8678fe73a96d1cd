"""`pao status`, `requests` and `catalog`: what people read, and what programs do."""

from __future__ import annotations

import json
import threading

import pytest
from airflow.utils.session import create_session

from api_plugin.commands.terminal import plain
from api_plugin.queueing import holding, standing
from api_plugin.queueing.admitting import admit
from api_plugin.queueing.limits import Limits
from tests.api_plugin.runs import a_report


@pytest.fixture
def request_of(deployment):
    """A request that was accepted."""
    return deployment.world.order(fields={"name": "a", "pin": "12345"}, caller=deployment.caller)


def complete(world, request, state="success"):
    """Let Airflow have done it all."""
    for task in ("queue", "dns"):
        world.task(request, task, state, a_report(outcome="completed" if state == "success" else "failed"))
    world.run(request, state)


def test_a_request_is_shown(signed_in, request_of):
    """With each of its actions."""
    status, out, _ = signed_in("status", request_of.id)

    assert 0 == status
    assert "queue 1.0.0: queued\n" == out[: out.index("\n") + 1]
    assert f"id        {request_of.id}" in out


def test_a_request_is_json(signed_in, request_of):
    """As the API answers it."""
    _, out, _ = signed_in("status", request_of.id, "--format", "json")

    assert (str(request_of.id), "queued") == tuple(json.loads(out)[name] for name in ("id", "status"))


@pytest.mark.parametrize("request_id", ["0198c0de-0000-7000-8000-000000000001", "no id", "../../health"])
def test_a_request_that_is_not_there_is_refused(signed_in, deployment, request_id):
    """In a sentence, whatever was given."""
    status, out, err = signed_in("status", request_id)

    assert (3, "", 1) == (status, out, len(err.splitlines()))


@pytest.mark.parametrize(("state", "ended", "exit_status"), [("success", "completed", 0), ("failed", "failed", 1)])
def test_watching_ends_with_the_request(signed_in, deployment, request_of, state, ended, exit_status):
    """A line for each change on standard error, the request on standard output; the exit status says how it ended."""
    later = threading.Timer(1.0, complete, (deployment.world, request_of, state))
    later.start()
    status, out, err = signed_in("status", request_of.id, "--watch", "--format", "json")
    later.join()

    assert exit_status == status, err
    assert ended == json.loads(out)["status"]
    assert f"{request_of.id} is {ended}" in err
    assert ("WS", f"/ws/requests/{request_of.id}/status") in deployment.calls


def test_who_waits_is_told_where_they_stand(signed_in, deployment, monkeypatch):
    """By the status, and by watching, until it is their turn."""
    one = Limits(platform=1)
    for place in (holding, standing):
        monkeypatch.setattr(place, "configured", lambda: one)
    first, second = (deployment.world.order(fields={"name": "a", "pin": "1"}) for _ in range(2))

    def start():
        with create_session(scoped=False) as session:
            admit(session, one)

    def go_on():
        complete(deployment.world, first)
        start()
        complete(deployment.world, second)

    start()
    _, out, _ = signed_in("status", second.id)
    later = threading.Timer(2.0, go_on)
    later.start()
    status, _, err = signed_in("status", second.id, "--watch")
    later.join()

    told = "number 1 of 1 that wait until one of all running requests ends"
    assert f"queue     {told}" in out
    assert (0, True) == (status, f"{second.id} is {told}" in err)


def test_where_there_is_no_websocket_it_asks(signed_in, deployment, request_of):
    """As behind a proxy that lets none through."""

    def refuse(method, _path, _send):
        if method == "WS":
            raise ConnectionError("no WebSockets here")

    deployment.breaks.append(refuse)
    complete(deployment.world, request_of)

    status, out, err = signed_in("status", request_of.id, "--watch")

    assert 0 == status, err
    assert out.startswith("queue 1.0.0: completed\n")


def test_requests_are_listed(signed_in, request_of):
    """By what they are like."""
    assert str(request_of.id) in signed_in("requests")[1]
    assert (0, "", "no request is like that\n") == signed_in("requests", "--status", "failed")
    assert [str(request_of.id)] == [
        each["id"] for each in json.loads(signed_in("requests", "--format", "json")[1])["items"]
    ]


def test_the_catalog_is_listed(signed_in, deployment):
    """For people and for programs."""
    assert "queue  1.0.0    messaging  available  Queue" in signed_in("catalog")[1]
    assert ["queue"] == [each["id"] for each in json.loads(signed_in("catalog", "--format", "json")[1])["items"]]
    assert (0, "", "no item is like that\n") == signed_in("catalog", "--tag", "nobody")


def test_an_item_is_shown_with_its_fields(signed_in, deployment):
    """Those with a condition too, and what each takes."""
    status, out, _ = signed_in("catalog", "queue")

    assert 0 == status
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "name yes string Name" in lines
    assert "why sometimes string Why" in lines
    assert "regions some of europe, asia Regions" in lines


def test_what_a_target_wrote_moves_no_cursor():
    """Control characters of messages are shown, not obeyed."""
    assert "\\x1b[2Jgone\\x07 ok\nnext" == plain("\x1b[2Jgone\x07 ok\nnext")
