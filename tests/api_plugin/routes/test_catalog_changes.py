"""Whoever watches a catalog is told each thing that it does, once, in order, and of no item that it may not see."""

from __future__ import annotations

import asyncio
import json

import pytest
from airflow.models.dagbundle import DagBundleModel
from sqlalchemy import delete, update

from api_plugin.app import socket_app
from api_plugin.catalog_watching import CatalogTower
from api_plugin.clock import utc_now
from api_plugin.permissions import Permission
from api_plugin.routes import sockets
from api_plugin.store.catalog import CatalogChange, CatalogCommit
from tests.api_plugin.conftest import SignedIn, a_caller
from tests.items import action, compiled_item

QUEUE = compiled_item("queue", action("a"))
SECRET = compiled_item(
    "secret", header={"access": {"roles": ["Insiders"], "teams": ["team-a"], "x-agreed-with": "an author's own key"}}
)
DEV = a_caller(Permission.CATALOG_READ)
INSIDER = a_caller(Permission.CATALOG_READ, roles=("Insiders",))


@pytest.fixture
def published(world):
    """Publishes a commit as the bundle does; gives the number of its message."""
    world.publish(QUEUE, SECRET)

    def publishing(commit="c0ffee", *, served=None, **lists):
        kind = "published" if served is None else "served"
        change = CatalogChange(catalog="default", type=kind, at=utc_now(), commit=commit, items=served or [])
        world.session.add(change)
        world.session.flush()
        if served is None:
            told = {name: lists.get(name, []) for name in ("added", "changed", "removed", "invalid")}
            world.session.add(
                CatalogCommit(
                    seq=change.seq, catalog="default", commit=commit, author="Ada", message="A change",
                    committed_at=utc_now(), published_at=utc_now(), **told,
                )
            )  # fmt: skip
        world.session.commit()
        return change.seq

    return publishing


@pytest.fixture
def watch(world):
    """Watches until so many messages have come, and leaves; gives them and, where the server closed, the code."""

    async def watching(count, query, caller, during, headers):
        app = socket_app()
        app.state.sign_ins = SignedIn(caller)
        app.state.catalog_tower = CatalogTower(interval=0.01)
        scope = {
            "type": "websocket", "path": "/catalog/changes", "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "subprotocols": [],
        }  # fmt: skip
        incoming, messages, codes = asyncio.Queue(), [], []
        incoming.put_nowait({"type": "websocket.connect"})

        async def send(sent):
            if sent["type"] == "websocket.send":
                messages.append(json.loads(sent["text"]))
                if len(messages) == count:
                    incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
                if len(messages) == 1:
                    await asyncio.to_thread(during)
            elif sent["type"] == "websocket.close":
                codes.append(sent["code"])

        async with app.state.catalog_tower.running():
            await asyncio.wait_for(app(scope, incoming.get, send), timeout=60)
        return messages, codes

    def call(count=1, query="", caller=DEV, during=lambda: None, headers=None):
        return asyncio.run(watching(count, query, caller, during, headers or {"x-api-key": "pao_known"}))

    return call


def test_the_first_message_tells_where_the_catalog_stands(watch, published):
    """Its number resumes from there."""
    seq = published("c0ffee", added=["queue"])

    assert [{"type": "snapshot", "seq": seq, "catalog": "default", "commit": "c0ffee"}] == watch()[0]


def test_each_commit_is_told_with_what_it_changed(watch, published):
    """And when its items can be ordered."""
    numbers = []

    def push():
        numbers.append(published("beef", added=["queue"], invalid=["queue"]))
        numbers.append(published("beef", served=["queue"]))

    messages = watch(3, during=push)[0][1:]
    at = [message.pop("at") for message in messages]

    assert [
        {
            "type": "published", "seq": numbers[0], "catalog": "default", "commit": "beef",
            "added": ["queue"], "changed": [], "removed": [], "invalid": ["queue"],
        },
        {"type": "served", "seq": numbers[1], "catalog": "default", "commit": "beef", "items": ["queue"]},
    ] == messages  # fmt: skip
    assert all(time.endswith("Z") for time in at)


def test_a_watcher_comes_back_without_loss(watch, published):
    """However much happened meanwhile, or happens while it reads that: nothing twice, nothing left out."""
    first = published("c0")
    wanted = [published(f"c{number}") for number in range(1, 450)]
    more = []
    messages, _ = watch(460, f"since={first}", during=lambda: more.extend(published(f"d{n}") for n in range(11)))

    assert wanted + more == [message["seq"] for message in messages]


def test_a_number_from_the_future_counts_as_now(watch, published, monkeypatch):
    """It is of a database that was replaced."""
    monkeypatch.setattr(sockets, "PING_SECONDS", 0.2)
    published("c0")
    told = []
    messages, _ = watch(2, f"since={10**30}", during=lambda: told.append(published("c1")))

    assert ["ping", "published"] == [message["type"] for message in messages]
    assert told == [messages[1]["seq"]]


def test_who_was_away_for_too_long_begins_anew(watch, published, world):
    """What was told meanwhile is deleted up to some commit: a snapshot says so, before what comes next."""
    gone = [published("c0"), published("c0", served=["queue"]), published("c1")]
    kept = [published("c1", served=["queue"]), published("c2")]
    world.session.execute(delete(CatalogChange).where(CatalogChange.seq <= gone[-1]))
    world.session.commit()

    def told(since):
        messages, _ = watch(2, f"since={since}", during=lambda: published("c3"))
        return [(message["type"], message["seq"] - kept[0]) for message in messages[:2]]

    assert [("snapshot", 1), ("published", 2)] == told(gone[1])
    assert [("served", 0), ("published", 1)] == told(gone[2])


def test_of_an_item_that_one_may_not_see_one_is_not_told(watch, published):
    """A commit is told of in any case, since the catalog then stands at it; `served` only where there is some item."""
    start = published("c0")
    published("c1", added=["secret"], changed=["queue"])
    published("c1", served=["secret"])
    published("c2", removed=["secret"])

    def lists(caller, count):
        messages = watch(count, f"since={start}", caller)[0]
        return [
            {key: value for key, value in message.items() if value and key in {"added", "changed", "removed", "items"}}
            for message in messages
        ]

    everything = [{"added": ["secret"], "changed": ["queue"]}, {"items": ["secret"]}, {"removed": ["secret"]}]
    assert everything == lists(INSIDER, 3)
    assert everything == lists(a_caller(Permission.CATALOG_READ, Permission.REQUEST_READ_ALL), 3)
    assert [{"changed": ["queue"]}, {}] == lists(DEV, 2)


def test_a_catalog_that_is_no_longer_configured_is_not_there(watch, published, world):
    """As for every other operation."""
    published("c0")
    world.session.add(DagBundleModel(name="default"))
    world.session.flush()
    world.session.execute(update(DagBundleModel).values(active=False))
    world.session.commit()

    assert ([], [4404]) == watch(1)


@pytest.mark.parametrize(
    ("query", "caller", "headers", "code"),
    [
        ("catalog=nowhere", DEV, None, 4404),
        ("catalog=%00", DEV, None, 4404),
        ("", a_caller(Permission.REQUEST_READ), None, 4403),
        ("", DEV, {"host": "pao"}, 4401),
        ("", DEV, {"host": "pao", "cookie": "_token=known", "origin": "https://evil.example.com"}, 4403),
    ],
)
def test_the_close_code_says_why(watch, published, query, caller, headers, code):
    """As for requests."""
    assert ([], [code]) == watch(1, query, caller, headers=headers)


def test_a_quiet_line_is_kept_open(watch, published, monkeypatch):
    """By a ping, which has no number."""
    monkeypatch.setattr(sockets, "PING_SECONDS", 0.01)

    assert {"type": "ping"} == watch(2)[0][1]
