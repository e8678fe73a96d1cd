"""Two API servers of one deployment: what either serves, tells or takes is the same, whichever a call happens to reach.

The second one may keep its copy of the catalog for longer than any test runs: what it serves anew, it was told of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.live.airflow_api import AirflowApi
from tests.live.catalog_repository import LiveCatalog
from tests.live.items import item, scripted_call
from tests.live.portal import Answer, Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

ITEMS = (item("shared", scripted_call("make", "/shared-0")),)
PATHS = ("/catalog", "/catalog/items/shared", "/catalog/items/shared/schema", "/catalog/validation", "/catalog/commits")


def shared(number: int) -> dict:
    return item("shared", scripted_call("make", f"/shared-{number}"), version=f"1.0.{number}")


@pytest.fixture(scope="module")
def other_url(stack: RunningStack, catalog: LiveCatalog) -> Iterator[str]:
    """Where the second API server serves."""
    with stack.another_api_server({"AIRFLOW__PAO__CATALOG_TTL": "3600"}) as url:
        yield url


@pytest.fixture(scope="module")
def both(other_url: str, developer: Portal) -> Iterator[tuple[Portal, Portal]]:
    """The developer at either API server."""
    with developer.at(other_url) as other:
        yield developer, other


def serves(portal: Portal, version: str) -> Answer | None:
    """The item, where that version of it is what is served."""
    found = portal.get("/catalog/items/shared")
    return found if found["header"]["version"] == version else None


def test_both_serve_a_push(catalog: LiveCatalog, both: tuple[Portal, Portal]):
    """The same answers under the same `ETag`, so that a copy of the one's is good at the other."""
    state = catalog.publish(shared(1))
    found = [wait_for(lambda at=portal: serves(at, "1.0.1"), f"{portal.base_url} serves 1.0.1") for portal in both]
    answers = [[portal.http.get(f"/api/v1{path}") for path in PATHS] for portal in both]
    known = [answer.headers["ETag"] for answer in answers[0]]
    again = [
        both[1].http.get(f"/api/v1{path}", headers={"If-None-Match": etag}).status_code
        for path, etag in zip(PATHS, known, strict=True)
    ]

    assert state.commit == found[0]["source"]["commit"]
    assert found[0] == found[1]
    assert [answer.json() for answer in answers[0]] == [answer.json() for answer in answers[1]]
    assert known == [answer.headers["ETag"] for answer in answers[1]]
    assert [304] * len(PATHS) == again


def test_a_refresh_through_one_is_served_by_both(
    catalog: LiveCatalog, other_url: str, both: tuple[Portal, Portal], portals: dict[str, Portal], airflow: AirflowApi
):
    """Whichever is asked for it, also with a poll in between."""
    for number, place in ((2, other_url), (3, both[0].base_url)):
        commit = catalog.repository.commit(shared(number))
        with portals["operator"].at(place) as operator:
            answer = operator.http.post("/api/v1/catalog/refresh")
        ended = airflow.ended("catalog_sync", answer.json()["sync_run_id"])
        found = [wait_for(lambda at=portal, n=number: serves(at, f"1.0.{n}"), "it is served") for portal in both]

        assert (202, "success") == (answer.status_code, ended["state"])
        assert [commit, commit] == [each["source"]["commit"] for each in found]


def test_watchers_of_both_are_told_the_same(catalog: LiveCatalog, both: tuple[Portal, Portal]):
    """Under the same numbers, by which who loses one goes on at the other."""
    with both[0].catalog_socket() as here, both[1].catalog_socket() as there:
        first = [json.loads(socket.recv(timeout=90)) for socket in (here, there)]
        catalog.publish(shared(4))
        told = [[json.loads(socket.recv(timeout=90)) for _ in range(2)] for socket in (here, there)]
    with both[1].catalog_socket(f"?since={told[0][0]['seq']}") as there:
        rest = json.loads(there.recv(timeout=90))

    assert first[0] == first[1]
    assert ["published", "served"] == [message["type"] for message in told[0]]
    assert told[0] == told[1]
    assert told[0][1] == rest


def test_an_order_goes_through_both(catalog: LiveCatalog, both: tuple[Portal, Portal], scripted: ScriptedTarget):
    """The form from one, the order to the other, its end from the first."""
    catalog.publish(shared(5))
    here, there = both
    form = wait_for(lambda: serves(there, "1.0.5"), "the other one serves 1.0.5")
    request_id = here.submit("shared", "both", revision=form["revision"])

    assert "completed" == there.ended(request_id)["status"]
    assert [1, 0] == [len(scripted.calls(f"/shared-{number}/both")) for number in (5, 4)]
