"""A task in Airflow's UI leads to what its action made, or waits for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.models.xcom import XComModel
from airflow.plugins_manager import get_operator_extra_links
from pao_airflow.links import OutsideLink
from pao_airflow.shown_links import shown_link

from catalog_compiler.run_format import PROGRESS_KEY
from tests.api_plugin.conftest import world  # noqa: F401 - the API server's database is where it reads
from tests.api_plugin.runs import a_report
from tests.items import action, compiled_item

TICKET = "https://jira.example.com/browse/OPS-1"
RUN = "https://github.com/o/r/actions/runs/1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (TICKET, TICKET),
        ("http://jira.local/1", "http://jira.local/1"),
        ("javascript:alert(1)", None),
        ("data:text/html,<script>", None),
        ("//jira.example.com/1", None),
        ("http://[", None),
        (None, None),
    ],
)
def test_only_what_a_browser_opens_as_a_page_is_a_link(url, expected):
    """A target's answer could hold anything."""
    assert expected == shown_link(url)


@pytest.fixture
def task(world):  # noqa: F811 - the fixture
    """A running action; gives its link as the API server finds it, after it left a report or told of progress."""
    item = compiled_item("queue", action("make"))
    world.publish(item)
    world.parse(item)
    request = world.order()

    def link(report, progress, *, tried=1):
        if progress is not None:
            XComModel.set(
                key=PROGRESS_KEY, value=progress, task_id="make", dag_id=request.dag_id, run_id=str(request.id),
                session=world.session,
            )  # fmt: skip
        world.task(request, "make", "success" if report else "deferred", report, try_number=tried)
        key = SimpleNamespace(dag_id=request.dag_id, run_id=str(request.id), task_id="make", try_number=tried)
        return OutsideLink().get_link(None, ti_key=key)

    return link


@pytest.mark.parametrize(
    ("report", "progress", "expected"),
    [
        (None, None, ""),
        (None, {"try_number": 1, "url": TICKET}, TICKET),
        (None, {"try_number": 1, "url": None}, ""),
        (a_report(url=RUN), {"try_number": 1, "url": TICKET}, RUN),
        (a_report(), {"try_number": 1, "url": TICKET}, TICKET),
        (a_report("failed", url=RUN), None, RUN),
        (a_report(url="javascript:alert(1)"), None, ""),
    ],
)
def test_it_leads_to_what_the_action_told(task, report, progress, expected):
    """The report's link, else that of what it waited for."""
    assert expected == task(report, progress)


def test_that_of_an_earlier_try_is_not_shown(task):
    """XComs of a cleared task stay until it ends again."""
    assert "" == task(a_report(url=RUN), {"try_number": 1, "url": TICKET}, tried=2)


def test_airflow_shows_it_on_actions_and_undos():
    """The plugin registers it for each operator, by their names."""
    (link,) = [link for link in get_operator_extra_links() if isinstance(link, OutsideLink)]

    assert ["ActionOperator", "WorkerActionOperator", "UndoOperator"] == [
        operator.__name__ for operator in link.operators
    ]
