"""What was published and what is wrong with it, as callers may know it."""

from __future__ import annotations

import pytest
from airflow.models.dagbundle import DagBundleModel
from sqlalchemy import select, update

from api_plugin.clock import utc_now
from api_plugin.permissions import Permission
from api_plugin.store.catalog import Catalog, CatalogChange, CatalogCommit, CatalogItem
from catalog_compiler.catalog_settings import SETTINGS_FILE
from tests.api_plugin.conftest import a_caller
from tests.items import action, compiled_item

QUEUE = compiled_item("queue", action("a"))
QUEUE_2 = compiled_item("queue", action("a"), header={"version": "2.0.0"})
SECRET = compiled_item("secret", header={"access": {"roles": ["Insiders"], "x-why": "Not for all."}})
DEV = a_caller(Permission.CATALOG_READ)
INSIDER = a_caller(Permission.CATALOG_READ, roles=("Insiders",))
OPERATOR = a_caller(Permission.CATALOG_READ, Permission.REQUEST_READ_ALL)


def problem(item_id, file, severity="error", code="missing-key"):
    return {
        "code": code, "severity": severity, "message": f"{file} lacks a key; add it", "file": file, "line": 1,
        "column": 2, "pointer": "/header", "item_id": item_id, "hint": None,
    }  # fmt: skip


IN_QUEUE = problem("queue", "catalog/queue.yaml")
HINT_IN_QUEUE = problem("queue", "catalog/queue.yaml", "warning", "ambiguous-text")
BROKEN_QUEUE = problem(None, "catalog/queue.yaml", code="yaml-syntax")
IN_SECRET = problem("secret", "catalog/secret.yaml")
BROKEN_SECRET = problem(None, "catalog/secret.yaml", code="yaml-syntax")
NEVER_VALID = problem("new", "catalog/new.yaml")
NEVER_READ = problem(None, "catalog/unreadable.yaml", code="yaml-syntax")
IN_SETTINGS = problem(None, SETTINGS_FILE)


@pytest.fixture
def get(world, portal):
    """Asks for a path below `/catalog`, which has an item for everyone and one for insiders."""
    world.publish(QUEUE, SECRET)
    world.parse(QUEUE, SECRET)

    def calling(path, caller=DEV, **more):
        return portal("GET", f"/catalog{path}", caller, **more)

    return calling


@pytest.fixture
def found(world, get):
    """Publishes problems, whose items are invalid where one is an error."""

    def publishing(*problems):
        world.publish()
        world.session.get(Catalog, "default").problems = list(problems)
        wrong = {one["item_id"] for one in problems if one["severity"] == "error"}
        world.session.execute(update(CatalogItem).where(CatalogItem.item_id.in_(wrong)).values(valid=False))
        world.session.commit()

    return publishing


def told(answer):
    assert 200 == answer.status_code, answer.text
    return [*answer.json()["errors"], *answer.json()["warnings"]]


def test_a_catalog_without_problems_is_valid(get):
    """At its commit."""
    expected = {"valid": True, "commit": "c0ffee", "errors": [], "warnings": [], "invalid": []}

    assert expected == get("/validation").json()
    assert expected | {"served_revision": None} == get("/validation/queue").json() | {"invalid": []}


def test_problems_are_told_as_the_command_tells_them(get, found):
    """With what can be ordered meanwhile."""
    found(IN_QUEUE, HINT_IN_QUEUE)
    expected = {"valid": False, "commit": "c0ffee", "errors": [IN_QUEUE], "warnings": [HINT_IN_QUEUE]}

    whole, one = get("/validation").json(), get("/validation/queue").json()

    assert expected | {"invalid": [{"item_id": "queue", "served_revision": QUEUE.revision}]} == whole
    assert expected | {"served_revision": QUEUE.revision} == one


def test_warnings_alone_leave_a_catalog_valid(get, found):
    """Its items too."""
    found(HINT_IN_QUEUE)

    assert [True, True] == [get(path).json()["valid"] for path in ("/validation", "/validation/queue")]


@pytest.mark.parametrize(
    ("problems", "caller", "expected"),
    [
        ([IN_SECRET, BROKEN_SECRET], DEV, []),
        ([IN_SECRET, BROKEN_SECRET], INSIDER, [IN_SECRET, BROKEN_SECRET]),
        ([IN_SECRET, BROKEN_SECRET], OPERATOR, [IN_SECRET, BROKEN_SECRET]),
        ([NEVER_VALID, NEVER_READ, BROKEN_QUEUE], DEV, [BROKEN_QUEUE]),
        ([NEVER_VALID, NEVER_READ, BROKEN_QUEUE], INSIDER, [BROKEN_QUEUE]),
        ([NEVER_VALID, NEVER_READ, BROKEN_QUEUE], OPERATOR, [NEVER_VALID, NEVER_READ, BROKEN_QUEUE]),
        ([IN_SETTINGS], DEV, [IN_SETTINGS]),
    ],
)
def test_nobody_learns_of_items_by_their_problems(get, found, problems, caller, expected):
    """By their ids or by their files; whom an item that never was valid is for, nobody knows yet."""
    found(*problems)

    answer = get("/validation", caller)

    assert expected == told(answer)
    assert (not expected) is answer.json()["valid"]
    assert {"secret"}.isdisjoint(one["item_id"] for one in answer.json()["invalid"] if caller is DEV)


@pytest.mark.parametrize(
    ("item_id", "caller", "expected"),
    [
        ("queue", DEV, [BROKEN_QUEUE]),
        ("secret", DEV, None),
        ("secret", INSIDER, [IN_SECRET]),
        ("new", DEV, None),
        ("new", OPERATOR, [NEVER_VALID]),
        ("none", OPERATOR, None),
    ],
)
def test_one_item_is_asked_for_by_its_id(get, found, item_id, caller, expected):
    """Problems of its file are its own; where there is nothing that the caller may know, it is unknown."""
    found(BROKEN_QUEUE, IN_SECRET, NEVER_VALID)

    answer = get(f"/validation/{item_id}", caller)

    if expected is None:
        assert (404, "unknown-item") == (answer.status_code, answer.json()["code"])
    else:
        assert expected == told(answer)


def test_a_retired_item_has_no_report(get, world):
    """It is no longer there."""
    world.session.execute(update(CatalogItem).where(CatalogItem.item_id == "queue").values(retired=True))
    world.publish()

    assert 404 == get("/validation/queue").status_code


@pytest.fixture
def committed(world, get):
    """Publishes a commit once more each time, as the bundle writes it down."""

    def publishing(commit, **lists):
        change = CatalogChange(catalog="default", type="published", at=utc_now(), commit=commit, items=[])
        world.session.add(change)
        world.session.flush()
        changes = {"added": [], "changed": [], "removed": [], "invalid": []} | lists
        world.session.add(
            CatalogCommit(
                seq=change.seq, catalog="default", commit=commit, author="Ada <ada@example.com>",
                message=f"Change {commit}", committed_at=utc_now(), published_at=utc_now(), **changes,
            )
        )  # fmt: skip
        world.publish()

    return publishing


def test_commits_are_listed_newest_first(get, committed):
    """With what they changed; a ref that is moved back publishes one again."""
    committed("a1", added=["queue"])
    committed("b2", changed=["queue"], invalid=["queue"])
    committed("a1", changed=["queue"])

    answer = get("/commits").json()

    assert ["a1", "b2", "a1"] == [one["commit"] for one in answer["commits"]]
    assert ("Change b2", ["queue"], ["queue"]) == (
        answer["commits"][1]["message"],
        answer["commits"][1]["changed"],
        answer["commits"][1]["invalid"],
    )
    assert answer["next_cursor"] is None


def test_pages_of_commits_do_not_shift(get, committed):
    """What is published meanwhile comes before the first page."""
    for commit in ("a1", "b2", "c3"):
        committed(commit)
    first = get("/commits?limit=2").json()
    committed("d4")
    second = get(f"/commits?limit=2&cursor={first['next_cursor']}").json()

    assert ["c3", "b2"] == [one["commit"] for one in first["commits"]]
    assert (["a1"], None) == ([one["commit"] for one in second["commits"]], second["next_cursor"])


@pytest.mark.parametrize(
    "query",
    [
        "?cursor=nonsense",
        "?cursor=Wy0xXQ",
        "?cursor=WzFlMzBd",
        "?cursor=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ",
        "?limit=0",
        "?limit=201",
    ],
)
def test_what_makes_no_page_of_commits_is_refused(get, query):
    """Numbers that no page ended at too."""
    assert 422 == get(f"/commits{query}").status_code


@pytest.mark.parametrize(
    ("caller", "expected"),
    [(DEV, (None, ["queue"], [])), (INSIDER, ("Change a1", ["queue", "secret"], ["secret"]))],
)
def test_commits_do_not_tell_of_items_that_one_may_not_see(get, committed, caller, expected):
    """Nor does what their author wrote of them."""
    committed("a1", added=["queue", "secret"], invalid=["secret"])

    (commit,) = get("/commits", caller).json()["commits"]

    assert expected == (commit["message"], commit["added"], commit["invalid"])


def test_an_item_that_was_never_published_is_in_no_commit_for_users(get, committed):
    """Whom it is for is not known; operators see all."""
    committed("a1", removed=["ghost"])

    seen = [get("/commits", caller).json()["commits"][0]["removed"] for caller in (DEV, OPERATOR)]

    assert [[], ["ghost"]] == seen


@pytest.mark.parametrize("path", ["/validation", "/validation/queue", "/commits"])
def test_a_report_that_did_not_change_is_not_sent_again(get, world, path):
    """Until something is published."""
    etag = get(path).headers["ETag"]

    assert 304 == get(path, headers={"If-None-Match": etag}).status_code
    world.publish(QUEUE_2)
    assert 200 == get(path, headers={"If-None-Match": etag}).status_code


@pytest.mark.parametrize("path", ["", "/validation", "/validation/queue", "/commits", "/items/queue"])
def test_a_catalog_that_is_no_longer_configured_is_not_served(get, world, path):
    """Its rows stay for the requests that need them."""
    world.session.scalars(select(DagBundleModel).where(DagBundleModel.name == "default")).one().active = False
    world.session.commit()

    answer = get(path)

    assert (404, "unknown-catalog") == (answer.status_code, answer.json()["code"])
