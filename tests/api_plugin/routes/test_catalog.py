"""The catalog as callers see it: what they may see, in their order, in pages, and once more only where it changed."""

from __future__ import annotations

import pytest
from airflow.models.dagrun import DagRun
from sqlalchemy import func, select

from api_plugin import catalog_answers
from api_plugin.catalog_cache import CatalogCache
from api_plugin.configuration import settings
from api_plugin.permissions import Permission
from api_plugin.store.requests import Request as Order
from tests.api_plugin.conftest import a_caller
from tests.items import action, compiled_item

QUEUE = compiled_item("queue", action("a"), header={"name": "Zebra", "tags": ["fast", "amqp"], "owner": "team-a"})
QUEUE_2 = compiled_item("queue", action("a"), header={"name": "Zebra", "version": "2.0.0"})
TOPIC = compiled_item("topic", header={"name": "apple", "description": "Many readers.", "tags": ["fast"]})
BUCKET = compiled_item("bucket", header={"name": "Mango", "category": "storage"})
SECRET = compiled_item("secret", header={"name": "Secret", "access": {"roles": ["Insiders"]}})
DEV = a_caller(Permission.CATALOG_READ)


@pytest.fixture
def catalog(world, portal):
    """Answers a call of a catalog that has four items, one of them for insiders alone."""
    items = (QUEUE, TOPIC, BUCKET, SECRET)
    world.publish(*items)
    world.parse(*items)

    def calling(path="", caller=DEV, **more):
        return portal("GET", f"/catalog{path}", caller, **more)

    return calling


def ids(answer):
    assert 200 == answer.status_code, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["topic", "bucket", "queue"]),
        ("?sort=-name", ["queue", "bucket", "topic"]),
        ("?sort=id", ["bucket", "queue", "topic"]),
        ("?sort=-id", ["topic", "queue", "bucket"]),
        ("?sort=category", ["queue", "topic", "bucket"]),
        ("?category=storage", ["bucket"]),
        ("?tag=fast", ["topic", "queue"]),
        ("?tag=fast&owner=team-a", ["queue"]),
        ("?owner=nobody", []),
        ("?q=READERS", ["topic"]),
        ("?q=zebra%20amqp", ["queue"]),
        ("?q=zebra%20readers", []),
    ],
)
def test_the_catalog_is_listed_as_asked(catalog, query, expected):
    """Without regard to case; all filters must hold, and all words."""
    assert expected == ids(catalog(query))


@pytest.mark.parametrize("sort", ["name", "-name", "id", "-id", "category", "-category"])
def test_pages_make_up_the_whole(catalog, sort):
    """In every order; the last page has no cursor."""
    whole = ids(catalog(f"?sort={sort}"))
    found, cursor = [], ""
    while cursor is not None:
        answer = catalog(f"?sort={sort}&limit=1{cursor and f'&cursor={cursor}'}")
        assert 3 == answer.json()["total"]
        found += ids(answer)
        cursor = answer.json()["next_cursor"]

    assert whole == found


@pytest.mark.parametrize("query", ["?cursor=nonsense", "?limit=0", "?limit=201", "?sort=age"])
def test_what_makes_no_page_is_refused(catalog, query):
    """Each is named."""
    answer = catalog(query)

    assert (422, "invalid-body", 1) == (answer.status_code, answer.json()["code"], len(answer.json()["errors"]))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["topic", "queue"]),
        ("?limit=1", ["topic"]),
        ("?sort=-name", ["queue", "topic"]),
        ("?tag=amqp", ["queue"]),
        ("?owner=team-a", ["queue"]),
        ("?q=many", ["topic"]),
        ("?q=mango", []),
    ],
)
def test_a_category_lists_its_items_as_asked(catalog, query, expected):
    """In pages as well, and by the same filters."""
    assert expected == ids(catalog(f"/messaging{query}"))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nonsense", "unknown-category"),
        ("?catalog=elsewhere", "unknown-catalog"),
        ("/items/none", "unknown-item"),
        ("/items/secret", "unknown-item"),
        ("/items/secret/schema", "unknown-item"),
    ],
)
def test_what_there_is_not_is_a_404(catalog, path, code):
    """There is no telling what one may not see from what does not exist."""
    answer = catalog(path)

    assert (404, code) == (answer.status_code, answer.json()["code"])


def test_insiders_see_more(catalog):
    """By a role that the item names, or by the right to see all."""
    insider = a_caller(Permission.CATALOG_READ, roles=("Insiders",))
    operator = a_caller(Permission.CATALOG_READ, Permission.REQUEST_READ_ALL)

    assert [4, 4, 3] == [catalog(caller=caller).json()["total"] for caller in (insider, operator, DEV)]


def test_an_item_is_shown_with_its_form(catalog):
    """Both at the served revision."""
    item, form = catalog("/items/queue").json(), catalog("/items/queue/schema").json()

    assert ("queue", ["automatic", "manual"]) == (item["header"]["id"], item["modes"])
    assert ["a"] == [one["name"] for one in item["actions"]["automatic"]]
    assert QUEUE.revision == item["revision"] == form["revision"]
    assert ["name"] == list(form["schema"]["properties"])


@pytest.mark.parametrize("path", ["", "/messaging", "/items/queue", "/items/queue/schema"])
def test_what_did_not_change_is_not_sent_again(catalog, world, path):
    """Until something is published."""
    first = catalog(path)
    etag = first.headers["ETag"]

    again = catalog(path, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (304, b"", etag) == (again.status_code, again.content, again.headers["ETag"])
    world.publish(QUEUE_2)
    assert 200 == catalog(path, headers={"If-None-Match": etag}).status_code


@pytest.mark.parametrize(
    "other",
    [
        a_caller(Permission.CATALOG_READ, roles=("Insiders",)),
        a_caller(Permission.CATALOG_READ, Permission.REQUEST_READ_ALL),
        a_caller(Permission.CATALOG_READ, roles=('Команда, "A"', "PAO Developer")),
    ],
)
def test_each_sees_its_own(catalog, other):
    """Callers that may see different things have different ETags, whatever their roles are named."""
    theirs = catalog(caller=other).headers["ETag"]

    assert 200 == catalog(headers={"If-None-Match": theirs}).status_code
    assert 304 == catalog(caller=other, headers={"If-None-Match": theirs}).status_code


def test_another_version_of_pao_answers_anew(catalog, monkeypatch):
    """It may show more of the same catalog."""
    etag = catalog().headers["ETag"]
    monkeypatch.setattr(catalog_answers, "_version", lambda: "99.0.0")

    assert 200 == catalog(headers={"If-None-Match": etag}).status_code


def test_another_limit_of_files_answers_anew(catalog, monkeypatch):
    """Forms say it."""
    etag = catalog().headers["ETag"]
    changed = settings().model_copy(update={"max_file_bytes": 7})
    monkeypatch.setattr(catalog_answers, "settings", lambda: changed)

    assert 200 == catalog(headers={"If-None-Match": etag}).status_code


@pytest.mark.parametrize("path", ["/items/queue", "/items/queue/schema"])
def test_an_answer_and_its_etag_are_of_one_moment(catalog, world, path):
    """Also where a revision becomes ready while it is made; else the old answer would stay with the caller."""

    class PublishedMeanwhile(CatalogCache):
        def view(self, session, catalog):
            view = super().view(session, catalog)
            if view.items["queue"].revision == QUEUE.revision:
                world.publish(QUEUE_2)
                world.parse(QUEUE_2)
            return view

    world.cache = PublishedMeanwhile(ttl=0)
    first = catalog(path)
    world.cache = CatalogCache(ttl=0)

    second = catalog(path, headers={"If-None-Match": first.headers["ETag"]})

    assert QUEUE.revision == first.json()["revision"]
    assert (200, QUEUE_2.revision) == (second.status_code, second.json()["revision"])


MYSQL = compiled_item(
    "mysql",
    action(
        "a",
        config={
            "method": "POST",
            "url": "{{env.TARGET_URL}}/things/{{fields.name}}",
            "headers": {"X-Request": "{{request.id}}", "X-By": "{{request.user.email}}"},
            "body_template": '{"password": "{{fields.secret}}"}',
        },
    ),
    fields=[
        {"id": "name", "name": "Name", "type": "string", "order": 1, "required": True},
        {"id": "secret", "name": "Secret", "type": "password", "order": 2, "default": "hidden-word"},
    ],
)
REQUESTER = a_caller(Permission.REQUEST_CREATE)


@pytest.fixture
def previewed(catalog, world, portal):
    """Previews an order of the catalog."""
    world.publish(MYSQL)
    world.parse(MYSQL)

    def calling(body, item_id="mysql", query=""):
        return portal("POST", f"/catalog/items/{item_id}/preview{query}", REQUESTER, json=body)

    return calling


def test_a_preview_shows_what_would_be_sent(previewed, world):
    """Nothing secret is in it, nothing starts, and nothing is kept."""
    answer = previewed({"fields": {"name": "a b"}})

    assert (200, "automatic", MYSQL.revision) == (answer.status_code, answer.json()["mode"], answer.json()["revision"])
    (shown,) = answer.json()["actions"]
    assert "***/things/a%20b" == shown["config"]["url"]
    assert {"X-Request": "<request.id>", "X-By": "dev@example.com"} == shown["config"]["headers"]
    assert "hidden-word" not in answer.text
    assert [0, 0] == [world.session.scalar(select(func.count()).select_from(table)) for table in (DagRun, Order)]


def test_a_preview_is_of_the_way_that_was_asked_for(previewed):
    """By default of the one that a request would take."""
    answer = previewed({"fields": {"name": "a"}, "mode": "manual"})

    assert ("manual", ["ticket"]) == (answer.json()["mode"], [one["name"] for one in answer.json()["actions"]])


@pytest.mark.parametrize(
    ("item_id", "body", "expected"),
    [
        ("mysql", {"fields": {}}, (422, ["/fields/name"])),
        ("mysql", {"fields": {"nme": "a"}, "more": 1}, (422, ["/more", "/fields/name", "/fields/nme"])),
        ("topic", {"fields": {}, "mode": "automatic"}, (422, ["/mode"])),
        ("topic", {"fields": {}, "revision": "old"}, (409, [])),
        ("secret", {"fields": {}}, (404, [])),
        ("none", {"fields": {}}, (404, [])),
    ],
)
def test_a_preview_is_refused_as_a_request_is(previewed, portal, item_id, body, expected):
    """Word for word."""
    answer = previewed(body, item_id)
    asked = portal("POST", "/requests", REQUESTER, json=body | {"item_id": item_id})

    assert expected == (answer.status_code, [one["pointer"] for one in answer.json().get("errors", ())])
    same = ("status", "code", "detail", "errors", "current_revision")
    assert [asked.json().get(key) for key in same] == [answer.json().get(key) for key in same]


def test_a_preview_is_of_the_catalog_that_was_asked_for(previewed):
    """There may be several."""
    assert "unknown-catalog" == previewed({"fields": {"name": "a"}}, query="?catalog=elsewhere").json()["code"]
