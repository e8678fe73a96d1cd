"""Two catalogs of one repository, each at its own branch: served side by side, synchronised, watched."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.airflow_api import AirflowApi
from tests.live.catalog_repository import LiveCatalog
from tests.live.conftest import REPORTS
from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import ScriptedTarget

ITEMS = (item("watched-branch", scripted_call("make", "/main-1"), name="Of main"),)


def revision(portal: Portal, catalog: str) -> str:
    return portal.get("/catalog/items/watched-branch", catalog=catalog)["revision"]


def test_each_catalog_follows_its_own_branch(
    catalog: LiveCatalog, staging: LiveCatalog, developer: Portal, scripted: ScriptedTarget
):
    """A push to one leaves the other as it is; an order runs what its catalog serves."""
    of_main, of_staging = revision(developer, "default"), revision(developer, "staging")
    main_before = catalog.service.catalog_state("default")

    staging.publish(item("watched-branch", scripted_call("make", "/staging-2"), version="2.0.0"))
    orders = {name: developer.submit("watched-branch", name, catalog=name) for name in ("default", "staging")}
    ended = {name: developer.ended(order) for name, order in orders.items()}
    main_after = catalog.service.catalog_state("default")

    assert of_main != of_staging
    assert (of_main, "1.0.0") == (revision(developer, "default"), ended["default"]["item_version"])
    assert of_staging != revision(developer, "staging")
    assert {"default": "completed", "staging": "completed"} == {name: one["status"] for name, one in ended.items()}
    assert (1, 0, 1) == (
        len(scripted.calls("/main-1/default")),
        len(scripted.calls("/staging-1/staging")),
        len(scripted.calls("/staging-2/staging")),
    )
    assert (main_before.commit, main_before.published_at, main_before.seq) == (
        main_after.commit,
        main_after.published_at,
        main_after.seq,
    )


def test_a_push_arrives_by_polling_alone(staging: LiveCatalog, developer: Portal):
    """Nobody needs to tell: the repository is looked at every few seconds."""
    commit = staging.repository.commit(item("polled", scripted_call("make", "/polled")))
    staging.wait_until_served(commit)

    assert "1.0.0" == developer.get("/catalog/items/polled", catalog="staging")["header"]["version"]


def test_who_watches_a_catalog_is_told_of_its_commits_alone(
    catalog: LiveCatalog, staging: LiveCatalog, developer: Portal
):
    """Once it is published, and once its items can be ordered; and what was missed, whoever comes back."""
    with developer.catalog_socket("?catalog=staging") as socket:
        first = json.loads(socket.recv(timeout=90))
        catalog.publish(item("elsewhere", scripted_call("make", "/elsewhere")))
        state = staging.publish(item("told", scripted_call("make", "/told")))
        published, served = [json.loads(socket.recv(timeout=90)) for _ in range(2)]
    with developer.catalog_socket(f"?catalog=staging&since={first['seq']}") as socket:
        again = [json.loads(socket.recv(timeout=90)) for _ in range(2)]

    assert ("snapshot", "staging") == (first["type"], first["catalog"])
    assert ("published", state.commit, ["told"], []) == tuple(
        published[key] for key in ("type", "commit", "added", "changed")
    )
    assert ("served", state.commit, ["told"]) == (served["type"], served["commit"], served["items"])
    assert [published, served] == again


@pytest.mark.parametrize(
    ("who", "query", "code"), [("nobody", "", 4401), ("stranger", "", 4401), ("developer", "?catalog=nowhere", 4404)]
)
def test_who_may_not_watch_a_catalog_is_told_by_the_close_code(portals: dict[str, Portal], who, query, code):
    """As for requests."""
    with portals[who].catalog_socket(query) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=90)

    assert code == closed.value.rcvd.code


def test_the_sync_goes_over_all_catalogs_and_tells_owners_once(
    staging: LiveCatalog, airflow: AirflowApi, scripted: ScriptedTarget
):
    """Of errors when they come, and of their end; not of what they have been told."""
    sound = item("owned", scripted_call("make", "/owned"), owner="team-owned")
    staging.publish(sound)
    broken = {**sound, "header": {**sound["header"], "colour": "red"}}

    def told() -> list[tuple[str, list[str]]]:
        found = [call.json for call in scripted.calls(REPORTS)]
        return [
            (one["catalog"], [problem["code"] for problem in one["problems"]])
            for one in found
            if one["owner"] == "team-owned"
        ]

    staging.publish(broken)
    runs = [airflow.run("catalog_sync") for _ in range(2)]
    first = told()
    staging.publish(sound)
    runs.append(airflow.run("catalog_sync", {"catalog": "staging"}))

    logs = [airflow.log("catalog_sync", runs[0]["dag_run_id"], "synchronise", map_index=each) for each in (0, 1)]
    assert ["success"] * 3 == [run["state"] for run in runs]
    assert [("staging", ["unknown-key"])] == first
    assert [("staging", [])] == told()[1:]
    assert [False, True] == ["team-owned" in log for log in logs]
    assert "unknown-key" in logs[1]
