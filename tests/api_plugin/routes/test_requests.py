"""Ordering while an item changes, and what is refused before the database sees it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from airflow.models.dagrun import DagRun
from sqlalchemy import func, select

from api_plugin.catalog_cache import CatalogCache
from api_plugin.permissions import Permission
from api_plugin.store.requests import Request
from tests.api_plugin.conftest import a_caller
from tests.items import UNDO, action, compiled_item

V1 = compiled_item("queue", action("a", rollback=UNDO))
V2 = compiled_item("queue", action("a", rollback=UNDO), header={"version": "2.0.0"})
V3 = compiled_item("queue", action("a", rollback=UNDO), header={"version": "3.0.0"})
DEV = a_caller(Permission.REQUEST_CREATE, Permission.REQUEST_READ)


@pytest.fixture
def order(world, portal):
    """Orders the item, whose first revision every process has seen a moment ago."""
    world.cache = CatalogCache(ttl=3600)
    world.publish(V1)
    world.parse(V1)
    world.view()

    def ordering(**more):
        content = json.dumps({"item_id": "queue", "fields": {"name": "a"}} | more)
        return portal("POST", "/requests", DEV, content=content, headers={"Content-Type": "application/json"})

    return ordering


def runs(world):
    world.session.rollback()
    return world.session.scalar(select(func.count()).select_from(DagRun))


def test_an_order_right_after_a_push_is_of_the_new_revision(order, world):
    """Where this process has not seen it yet, it looks again."""
    world.publish(V2)
    world.parse(V2)

    answer = order()

    assert (202, V2.revision) == (answer.status_code, answer.json()["revision"])
    assert 1 == runs(world)


def test_pushes_faster_than_airflow_leave_the_item_orderable(order, world):
    """At the revision in between, which is the one that can be run."""
    world.publish(V2)
    world.publish(V3)
    world.parse(V2)

    answer = order()

    assert (202, V2.revision) == (answer.status_code, answer.json()["revision"])


def test_an_order_of_a_form_that_passed_is_told_the_present_revision(order, world):
    """The portal loads the form again."""
    world.publish(V2)
    world.parse(V2)

    answer = order(revision=V1.revision)

    assert (409, "stale-revision", V2.revision) == (
        answer.status_code,
        answer.json()["code"],
        answer.json()["current_revision"],
    )
    assert 0 == runs(world)


@pytest.mark.parametrize(
    ("named", "status", "current", "retry_after"),
    [
        pytest.param(None, 503, None, "5", id="none"),
        pytest.param(V1.revision, 409, V2.revision, None, id="the one that passes"),
    ],
)
def test_an_order_between_two_revisions(order, world, named, status, current, retry_after):
    """Airflow has one of the new DAGs and not the other: to wait is all that it takes, unless the form is old."""
    world.publish(V2)
    world.parse(V2)
    world.stale("default.queue.rollback")

    answer = order(revision=named)

    assert (status, current, retry_after) == (
        answer.status_code,
        answer.json().get("current_revision"),
        answer.headers.get("Retry-After"),
    )
    assert 0 == runs(world)


def test_an_order_of_the_published_revision_waits_for_its_dag(order, world):
    """To load the form again would not help, as it is the present one."""
    world.parse(V2)

    answer = order(revision=V1.revision)

    assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])


@pytest.mark.parametrize("comment", ["a\0b", "\ud800"])
def test_a_comment_that_cannot_be_stored_is_refused(order, world, comment):
    """Together with all else that is wrong."""
    answer = order(comment=comment, fields={"name": comment})

    assert 422 == answer.status_code
    assert {("/comment", "invalid-characters"), ("/fields/name", "invalid-characters")} == {
        (error["pointer"], error["code"]) for error in answer.json()["errors"]
    }


@pytest.mark.parametrize("name", ["item_id", "user", "owner"])
def test_a_filter_that_nothing_could_match_is_refused(portal, world, name):
    """PostgreSQL holds no NUL characters, and fails where it is asked for them."""
    answer = portal("GET", "/requests", DEV, params={name: "a\0b"})

    assert (422, [(f"/query/{name}", "invalid-characters")]) == (
        answer.status_code,
        [(error["pointer"], error["code"]) for error in answer.json()["errors"]],
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/internal/settle", {"dag_id": "a\0b", "run_id": "c"}, 422),
        ("POST", "/internal/settle", {"dag_id": "a", "run_id": "c\0d"}, 422),
        ("GET", "/internal/catalogs/a%00b", None, 404),
    ],
)
def test_the_platforms_own_operations_refuse_them_as_well(portal, method, path, body, status):
    """None is a fault."""
    assert status == portal(method, path, a_caller(Permission.INTERNAL), json=body).status_code


def test_a_status_is_not_modified_only_while_everything_of_it_is_as_it_was(world, order, portal):
    """An error that is told in other words is no event, and a new status answer all the same."""
    path = f"/requests/{order().json()['id']}/status"
    known = {"If-None-Match": portal("GET", path, DEV).headers["ETag"]}
    assert 304 == portal("GET", path, DEV, headers=known).status_code

    (request,) = world.session.scalars(select(Request))
    request.updated_at = request.updated_at + dt.timedelta(milliseconds=1)
    world.session.commit()

    assert 200 == portal("GET", path, DEV, headers=known).status_code
