"""A request that waits for people alone makes room for others."""

from __future__ import annotations

import pytest
from airflow.utils.session import create_session

from api_plugin.queueing import holding
from api_plugin.queueing.admitting import admit
from api_plugin.queueing.limits import Limits
from api_plugin.queueing.resting import rests, types_of_people
from api_plugin.status_views import ProgressView
from catalog_compiler.run_format import PROGRESS_KEY
from tests.api_plugin.runs import a_run, a_task, done
from tests.items import action, compiled_item

TOLD = ProgressView(url="https://jira.example.com/browse/OPS-1")
ACTIONS = {"approval": "jira-ticket", "second": "jira-ticket", "make": "rest-api"}
ONE = Limits(platform=1)


def test_people_are_waited_for_by_tickets():
    """Each type says so of itself; runs and workflows elsewhere are machines' work."""
    assert {"jira-ticket"} == types_of_people()


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        pytest.param({"approval": a_task("deferred", progress=TOLD), "make": a_task(None)}, True, id="waits"),
        pytest.param({"approval": a_task("deferred"), "make": a_task(None)}, False, id="the ticket is being made"),
        pytest.param({"approval": a_task("running", progress=TOLD)}, False, id="not deferred"),
        pytest.param(
            {"approval": a_task("deferred", progress=TOLD), "make": a_task("deferred")}, False, id="works beside"
        ),
        pytest.param(
            {"approval": a_task("deferred", progress=TOLD), "make": a_task("scheduled")}, False, id="is about to"
        ),
        pytest.param(
            {"approval": a_task("deferred", progress=TOLD), "second": a_task("deferred", progress=TOLD)}, True,
            id="two tickets",
        ),
        pytest.param({"approval": done(), "make": a_task("deferred", progress=TOLD)}, False, id="waits for a machine"),
        pytest.param({"approval": done(), "make": a_task(None)}, False, id="between two actions"),
        pytest.param({}, False, id="has not begun"),
    ],
)  # fmt: skip
def test_when_a_request_rests(tasks, expected):
    """While all that is at work in it waits for people."""
    assert expected == rests(a_run("running", **tasks), ACTIONS, {"jira-ticket"})


def test_its_place_is_free_until_it_goes_on(world, monkeypatch):
    """What is let start meanwhile is not stopped; nothing more starts while both run."""
    monkeypatch.setattr(holding, "configured", lambda: ONE)
    ticket = {"project": "OPS", "issue_type": "Task", "summary_template": "x", "wait": True}
    item = compiled_item("queue", action("approval", type="jira-ticket", config=ticket), action("make"))
    world.publish(item)
    world.parse(item)
    first, second, _third = (world.order() for _ in range(3))

    def started():
        with create_session(scoped=False) as session:
            return admit(session, ONE).started

    assert 1 == started()
    world.run(first, "running")
    world.task(first, "approval", "deferred")
    assert 0 == started()
    world.left(first, "approval", PROGRESS_KEY, {"try_number": 1, "url": TOLD.url})
    assert 1 == started()
    assert 0 == started()
    world.task(first, "approval", "success")
    world.run(second, "success")
    assert 0 == started()
    world.run(first, "success")
    assert 1 == started()
