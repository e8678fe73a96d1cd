"""Commits while the stack runs: new, changed, broken and removed items, without a restart."""

from __future__ import annotations

from tests.live.airflow_api import AirflowApi
from tests.live.catalog_repository import LiveCatalog
from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

WITH_SIZE = ({"id": "size", "type": "integer", "default": 3},)
ITEMS = (item("removed", scripted_call("first", "/removed"), scripted_call("second", "/removed-second")),)


def test_a_new_item_and_a_changed_one_are_live_without_a_restart(
    catalog: LiveCatalog, developer: Portal, scripted: ScriptedTarget
):
    """A commit is orderable as soon as its DAG is ready: the form, the revision and the run are the new ones."""
    catalog.publish(item("young", scripted_call("make", "/young-1")))
    before = developer.get("/catalog/items/young/schema")

    catalog.publish(item("young", scripted_call("make", "/young-2"), fields=WITH_SIZE, version="1.1.0"))
    after = developer.get("/catalog/items/young/schema")
    request = developer.ended(developer.submit("young", "changed", revision=after["revision"]))

    assert ("1.0.0", {"name"}) == (before["version"], set(before["schema"]["properties"]))
    assert ("1.1.0", {"name", "size"}) == (after["version"], set(after["schema"]["properties"]))
    assert before["revision"] != after["revision"]
    assert ("completed", "1.1.0", 3) == (request["status"], request["item_version"], request["fields"]["size"])
    assert (0, 1) == (len(scripted.calls("/young-1/changed")), len(scripted.calls("/young-2/changed")))


def test_a_broken_commit_leaves_the_last_valid_revision_serving(
    catalog: LiveCatalog, developer: Portal, airflow: AirflowApi
):
    """An invalid item is served as it last was, marked outdated; its problems are published and told by the sync."""
    sound = item("wobbly", scripted_call("make", "/wobbly"))
    catalog.publish(sound)
    before = developer.get("/catalog/items/wobbly")

    broken = {**sound, "header": {**sound["header"], "version": "not a version", "colour": "red"}}
    state = catalog.publish(broken, texts={"never-valid": "header: [\n"})
    after = developer.get("/catalog/items/wobbly")
    sync = airflow.run("catalog_sync", {"catalog": "default"})
    request = developer.ended(developer.submit("wobbly", "last-valid"))
    log = airflow.log("catalog_sync", sync["dag_run_id"], "synchronise", map_index=0)
    catalog.publish(sound, without=["never-valid"])

    assert ("available", "outdated") == (before["status"], after["status"])
    assert before["revision"] == after["revision"]
    assert ["wobbly"] == state.invalid
    assert {("invalid-value", "wobbly"), ("unknown-key", "wobbly"), ("yaml-syntax", None)} == {
        (problem["code"], problem["item_id"]) for problem in state.problems if problem["severity"] == "error"
    }
    assert "success" == sync["state"]
    assert "wobbly" in log
    assert "catalog/tests/never-valid.yaml" in log
    assert "completed" == request["status"]
    assert "available" == developer.get("/catalog/items/wobbly")["status"]


def test_a_removed_item_cannot_be_ordered_while_its_running_request_ends_right(
    catalog: LiveCatalog, developer: Portal, scripted: ScriptedTarget
):
    """What was accepted runs to its end; what is removed is gone for everyone else."""
    release = scripted.hold("/removed/running")
    request_id = developer.submit("removed", "running")
    wait_for(lambda: scripted.calls("/removed/running"), "the first action has begun")

    catalog.publish(without=["removed"])
    shown = developer.http.get("/api/v1/catalog/items/removed")
    ordered = developer.post_request({"item_id": "removed", "fields": {"name": "late"}})
    listed = {each["id"] for each in developer.get("/catalog", limit=200)["items"]}
    release.set()
    request = developer.ended(request_id)

    assert (404, 404) == (shown.status_code, ordered.status_code)
    assert "removed" not in listed
    assert "completed" == request["status"]
    assert 1 == len(scripted.calls("/removed-second/running"))
