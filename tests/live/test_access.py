"""Items that are not for everyone: for who is left out they are not there, in no answer and in no message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.live.catalog_repository import LiveCatalog
from tests.live.items import Part, item, scripted_call
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import ScriptedTarget

ROLE, TEAM = "Insiders", "team-insiders"
ACCESS = {"for-a-role": {"roles": [ROLE]}, "for-a-team": {"teams": [TEAM]}}
MEMBERS = {"for-a-role": ROLE, "for-a-team": TEAM}
"""The role that sees each item: a team is one too."""
PASSWORD = "known to the tests alone"


def restricted(item_id: str, version: str = "1.0.0") -> Part:
    call = scripted_call("make", f"/{item_id}")
    return item(
        item_id, call, version=version, access=ACCESS[item_id], name=f"Restricted {item_id}", tags=["restricted"]
    )


ITEMS = tuple(restricted(item_id) for item_id in ACCESS)


@pytest.fixture(scope="module")
def members(stack: RunningStack, portals: dict[str, Portal]) -> Iterator[dict[str, Portal]]:
    """A developer of each role, by the item that the role sees."""
    admin = portals["admin"].http
    with ExitStack() as exits:
        found = {}
        for item_id, role in MEMBERS.items():
            user = {
                "username": f"{item_id}-member", "email": f"{item_id}@example.com", "first_name": "Ina",
                "last_name": role, "password": PASSWORD, "roles": [{"name": "PAO Developer"}, {"name": role}],
            }  # fmt: skip
            admin.post("/auth/fab/v1/roles", json={"name": role, "actions": []}).raise_for_status()
            admin.post("/auth/fab/v1/users", json=user).raise_for_status()
            credentials = {"username": user["username"], "password": PASSWORD}
            answer = portals["nobody"].http.post("/auth/token", json=credentials).raise_for_status()
            found[item_id] = exits.enter_context(Portal.signed_in(stack.base_url, answer.json()["access_token"]))
        yield found


@pytest.fixture
def outsiders(members: dict[str, Portal], portals: dict[str, Portal]):
    """Who may order, but not this item: developers, by their password and by an API key, one of another role."""

    def of(item_id: str) -> list[Portal]:
        others = [portal for name, portal in members.items() if name != item_id]
        return [portals["developer"], portals["colleague"], *others]

    return of


@pytest.mark.parametrize("item_id", ACCESS)
def test_who_is_left_out_is_told_what_is_told_of_an_item_that_is_not_there(
    members: dict[str, Portal], outsiders, item_id
):
    """Word for word, whatever is called; and no list counts it."""
    for portal in outsiders(item_id):
        answers = {}
        for name in (item_id, "for-nobody"):
            body = {"item_id": name, "fields": {"name": "refused"}}
            answers[name] = [
                (answer.status_code, answer.json()["code"], answer.json()["detail"].replace(name, "<item>"))
                for answer in (
                    portal.http.get(f"/api/v1/catalog/items/{name}"),
                    portal.http.get(f"/api/v1/catalog/items/{name}/schema"),
                    portal.http.get(f"/api/v1/catalog/validation/{name}"),
                    portal.http.post(f"/api/v1/catalog/items/{name}/preview", json={"fields": {"name": "refused"}}),
                    portal.post_request(body),
                )
            ]
        listed = [portal.get("/catalog", limit=200, **query) for query in ({}, {"q": item_id}, {"tag": "restricted"})]

        assert [(404, "unknown-item")] * 5 == [answer[:2] for answer in answers[item_id]]
        assert answers["for-nobody"] == answers[item_id]
        assert item_id not in json.dumps(listed)
        assert 0 == listed[1]["total"]
    for query in ({"q": item_id}, {"tag": "restricted"}):
        assert [item_id] == [each["id"] for each in members[item_id].get("/catalog", **query)["items"]]


@pytest.mark.parametrize("item_id", ACCESS)
def test_who_may_orders_it_and_nobody_else_sees_the_request(
    members: dict[str, Portal], outsiders, portals: dict[str, Portal], scripted: ScriptedTarget, item_id
):
    """Operators do, as they see all."""
    form = members[item_id].get(f"/catalog/items/{item_id}/schema")
    request_id = members[item_id].submit(item_id, "allowed", revision=form["revision"])
    ended = members[item_id].ended(request_id)

    assert "completed" == ended["status"]
    assert ["allowed"] == [call.path.rpartition("/")[2] for call in scripted.calls(f"/{item_id}/allowed")]
    assert [] == scripted.calls(f"/{item_id}/refused")
    assert item_id == portals["operator"].request(request_id)["item_id"]
    for portal in outsiders(item_id):
        assert 404 == portal.http.get(f"/api/v1/requests/{request_id}").status_code
        with portal.socket(request_id) as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=90)
        assert 4404 == closed.value.rcvd.code


@pytest.mark.parametrize("item_id", ACCESS)
def test_messages_and_commits_name_it_to_who_may_see_it_alone(
    catalog: LiveCatalog, members: dict[str, Portal], outsiders, item_id
):
    """The commit itself is told to everyone, with what else it changed."""
    portals = [members[item_id], *outsiders(item_id)]
    other = f"other-than-{item_id}"
    with ExitStack() as exits:
        sockets = [exits.enter_context(portal.catalog_socket()) for portal in portals]
        for socket in sockets:
            socket.recv(timeout=90)
        catalog.publish(restricted(item_id, "1.1.0"))
        catalog.publish(item(other, scripted_call("make", "/other")))
        told = [named(until_served(socket, other)) for socket in sockets]
    commits = [portal.get("/catalog/commits", limit=2)["commits"] for portal in portals]

    everyone = [("published", [other]), ("served", [other])]
    assert [("published", [item_id]), ("served", [item_id]), *everyone] == told[0]
    assert [[("published", []), *everyone]] * (len(portals) - 1) == told[1:]
    assert [[[], [item_id]]] + [[[], []]] * (len(portals) - 1) == [
        [commit["changed"] for commit in page] for page in commits
    ]


def until_served(socket: ClientConnection, item_id: str) -> list[dict]:
    """The messages up to the one that tells that this item can be ordered."""
    messages: list[dict] = []
    while not messages or item_id not in messages[-1].get("items", ()):
        messages.append(json.loads(socket.recv(timeout=90)))
    return messages


def named(messages: list[dict]) -> list[tuple[str, list[str]]]:
    """What each message tells, and of which items."""
    return [(each["type"], each.get("items") or [*each["added"], *each["changed"]]) for each in messages]
