"""Workflow runs from the real stack: shown while they go on, and cancelled when nobody wants them any more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import github
from tests.live.airflow_api import AirflowApi
from tests.live.items import item
from tests.live.portal import Portal
from tests.live.waiting import wait_for

DEPLOY = {
    "name": "deploy",
    "type": "github-workflow",
    "config": {
        "connection": "workflows_live",
        "repository": "acme/deployments",
        "workflow_id": "deploy.yml",
        "ref": "main",
        "inputs": {"name": "{{fields.name}}"},
    },
}
ITEMS = (item("long-run", DEPLOY),)


@pytest.fixture(scope="module")
def hub(airflow: AirflowApi) -> Iterator[github.GitHubFake]:
    """A GitHub whose runs go on for ever."""
    with github.serving(github.GitHubFake()) as running:
        running.workflow("acme/deployments", inputs={"name": {"required": True}}, life=("queued", "in_progress"))
        airflow.connection("workflows_live", "github", host=running.url, password=github.TOKEN)
        yield running


def test_a_stopped_request_cancels_its_run(developer: Portal, airflow: AirflowApi, hub: github.GitHubFake):
    """Which was shown meanwhile, in the API and in Airflow's UI."""
    request_id = developer.submit("long-run", "stopped")
    wait_for(lambda: developer.action(request_id, "deploy")["status"] == "waiting", "the action waits for its run")
    (run,) = hub.runs.values()
    url = developer.action(request_id, "deploy")["url"]

    assert url is not None
    assert url.endswith(f"/acme/deployments/actions/runs/{run.id}")
    assert url in airflow.links("default.long-run", request_id, "deploy").values()

    airflow.mark_failed("default.long-run", request_id)
    wait_for(lambda: list(run.states) == ["cancelled"], "the run is cancelled")

    assert "failed" == developer.ended(request_id)["status"]
