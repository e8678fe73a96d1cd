"""A push is announced by the git host, or an operator asks: what was committed is served without waiting for a look."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from tests.live.airflow_api import AirflowApi
from tests.live.catalog_repository import LiveCatalog
from tests.live.conftest import WEBHOOK_SECRET
from tests.live.items import item, scripted_call
from tests.live.portal import Portal


@pytest.fixture
def announce(catalog: LiveCatalog, portals: dict[str, Portal]):
    """Delivers a push as GitHub does; the status of the answer."""

    def delivering(commit: str, branch: str = "main") -> int:
        repository = {"clone_url": str(catalog.repository.folder)}
        body = json.dumps({"ref": f"refs/heads/{branch}", "after": commit, "repository": repository}).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        answer = portals["nobody"].http.post("/api/v1/catalog/webhooks/github", content=body, headers=headers)
        return answer.status_code

    return delivering


def test_an_announced_push_is_served(catalog: LiveCatalog, developer: Portal, announce):
    """Once: a copy is refused, and another branch is nobody's business."""
    commit = catalog.repository.commit(item("announced", scripted_call("make", "/announced")))

    assert [202, 409, 204] == [announce(commit), announce(commit), announce(commit, "elsewhere")]
    catalog.wait_until_served(commit)
    assert "announced" == developer.get("/catalog/items/announced")["header"]["id"]
    assert ["announced"] == developer.get("/catalog/commits")["commits"][0]["added"]


def test_an_operator_has_the_catalog_refreshed(catalog: LiveCatalog, portals: dict[str, Portal], airflow: AirflowApi):
    """A run shows how it goes, and what is wrong in what was published is told."""
    commit = catalog.repository.commit(texts={"unreadable": "header: [\n"})

    operator = portals["operator"]
    answer = operator.http.post("/api/v1/catalog/refresh")
    ended = airflow.ended("catalog_sync", answer.json()["sync_run_id"])
    report = operator.get("/catalog/validation")
    catalog.publish(without=["unreadable"])

    assert (202, "success", {"catalog": "default"}) == (answer.status_code, ended["state"], ended["conf"])
    assert (commit, False) == (report["commit"], report["valid"])
    assert "catalog/tests/unreadable.yaml" in {problem["file"] for problem in report["errors"]}
    assert operator.get("/catalog/validation")["valid"]
