"""Requests in flight over many commits: each executes exactly the revision that it was ordered at."""

from __future__ import annotations

from tests.live.catalog_repository import LiveCatalog
from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

COMMITS = 50
HELD = "moving-held"


def moving(number: int) -> dict:
    """The item at one of its versions: its second action tells which one executes."""
    return item(
        "moving",
        scripted_call("first", "/moving-first"),
        scripted_call("second", f"/moving-{number}"),
        version=f"1.0.{number}",
    )


ITEMS = (moving(0),)


def test_requests_in_flight_over_fifty_commits_all_end_right(
    catalog: LiveCatalog, developer: Portal, scripted: ScriptedTarget
):
    """One is held in its first action through all of them; others are ordered all the while, and none is refused."""
    release = scripted.hold(f"/moving-first/{HELD}")
    held = developer.submit("moving", HELD)
    wait_for(lambda: scripted.calls(f"/moving-first/{HELD}"), "the held action has begun")
    ordered: dict[str, str] = {}

    for number in range(1, COMMITS + 1):
        commit = catalog.repository.commit(moving(number))
        catalog.service.refresh_catalog("default")
        name = f"order-{number}"
        ordered[name] = developer.submit("moving", name)
        if number == COMMITS // 2:
            # However fast commits come: what is ordered after this one runs another revision than the first or last.
            catalog.wait_until_served(commit)
    catalog.wait_until_served(commit)
    newest = developer.submit("moving", "newest")
    release.set()
    requests = {name: developer.ended(each) for name, each in {**ordered, HELD: held, "newest": newest}.items()}

    wrong = {}
    for name, request in requests.items():
        version = int(request["item_version"].rsplit(".", 1)[1])
        calls = [number for number in range(COMMITS + 1) for _ in scripted.calls(f"/moving-{number}/{name}")]
        if request["status"] != "completed" or calls != [version]:
            wrong[name] = (request["status"], version, calls)
    assert {} == wrong
    assert ("1.0.0", f"1.0.{COMMITS}") == (requests[HELD]["item_version"], requests["newest"]["item_version"])
    assert len({request["item_version"] for request in requests.values()}) > 2
