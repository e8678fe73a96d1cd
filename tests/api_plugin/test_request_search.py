"""Lists of requests: what is found, in which order, and along which index PostgreSQL goes for it."""

from __future__ import annotations

import datetime as dt

import pytest
from airflow import settings
from sqlalchemy import event, select, text, update
from sqlalchemy.dialects import postgresql

from api_plugin.action_delays import begun_actions
from api_plugin.clock import utc_now
from api_plugin.permissions import Permission
from api_plugin.projection import bring_up_to_date
from api_plugin.request_search import Narrowing, Part, Position, page_query, read_page
from api_plugin.store.requests import Request
from bench.listing import LISTS, WRITE
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import NAME_FIELD, action, compiled_item

OPERATOR = a_caller(Permission.REQUEST_READ, Permission.REQUEST_READ_ALL, name="operator")
DEV = a_caller(Permission.REQUEST_READ, name="dev")
ADA = a_caller(Permission.REQUEST_READ, name="ada")
OWNER = a_caller(Permission.REQUEST_READ, name="owner", roles=("PAO Developer", "team", "others"))
SECRET = {"id": "password", "name": "Password", "type": "password", "order": 2}
QUEUE = compiled_item("queue", action("a"), fields=[NAME_FIELD, SECRET])
TOPIC = compiled_item("topic", action("a"), header={"owner": "streams", "name": "Event stream"})


@pytest.fixture
def ids(world):
    """Five requests, by name, an hour between each, the last one the newest."""
    world.publish(QUEUE, TOPIC)
    world.parse(QUEUE, TOPIC)
    orders = {
        "first": ("queue", DEV, {"fields": {"name": "orders-prod", "password": "hunter2222"}}),
        "second": ("queue", ADA, {"fields": {"name": "Payments"}, "comment": "for the orders team"}),
        "third": ("topic", DEV, {"fields": {"name": "clicks"}}),
        "fourth": ("topic", ADA, {"fields": {"name": "orders"}}),
        "fifth": ("queue", DEV, {"fields": {"name": "mail"}}),
    }
    made = {name: world.order(item_id, who, **more) for name, (item_id, who, more) in orders.items()}
    for name, state in (("second", "failed"), ("third", "success")):
        world.run(made[name], state)
        world.task(made[name], "a", state, a_report("completed" if state == "success" else "failed"))
    bring_up_to_date(world.session, [request.id for request in made.values()])
    for number, request in enumerate(made.values()):
        hours = dt.timedelta(hours=5 - number)
        times = {"created_at": utc_now() - hours, "updated_at": utc_now() - hours / 10}
        world.session.execute(update(Request).where(Request.id == request.id).values(times))
    world.session.commit()
    return {name: request.id for name, request in made.items()}


@pytest.fixture
def listed(portal, ids):
    """The names of the requests that a list holds."""
    names = {str(request_id): name for name, request_id in ids.items()}

    def listing(caller=OPERATOR, **query):
        answer = portal("GET", "/requests", caller, params=query)
        assert 200 == answer.status_code, answer.text
        return [names[each["id"]] for each in answer.json()["items"]]

    return listing


EVERY = ["fifth", "fourth", "third", "second", "first"]


def test_who_sees_what(listed):
    """An operator all, a requester their own, an owner those of the team's items; each of them once."""
    assert EVERY == listed(OPERATOR)
    assert ["fifth", "third", "first"] == listed(DEV)
    assert ["fifth", "second", "first"] == listed(OWNER)
    assert EVERY == listed(a_caller(Permission.REQUEST_READ, name="ada", roles=("team", "streams")))
    assert [] == listed(a_caller(Permission.REQUEST_READ, name="nobody"))


def test_narrowing_down(listed, ids):
    """By each of the filters, and by several of them at once."""
    assert ["second"] == listed(status="failed")
    assert ["third", "second"] == listed(status=["failed", "completed"])
    assert ["third"] == listed(DEV, status=["failed", "completed"])
    assert ["second"] == listed(OWNER, status=["failed", "completed"])
    assert ["fifth", "second", "first"] == listed(item_id="queue")
    assert ["fourth", "second"] == listed(user="Ada@Example.com")
    assert ["fourth", "third"] == listed(owner="streams")
    assert ["fourth"] == listed(owner="streams", user="ada@example.com")
    assert [] == listed(owner="streams", user="ada@example.com", status="failed")


def test_narrowing_down_by_time(listed, portal, ids):
    """A time without a zone is in UTC."""
    middle = (utc_now() - dt.timedelta(hours=2, minutes=30)).isoformat()

    assert ["fifth", "fourth"] == listed(created_after=middle)
    assert ["third", "second", "first"] == listed(created_before=middle)
    assert ["fifth", "fourth"] == listed(created_after=middle.removesuffix("+00:00"))


def test_searching(listed, ids):
    """By beginnings of words of the item, the requester, the comment and the values; and by the id."""
    assert ["fourth", "second", "first"] == listed(q="orders")
    assert ["first"] == listed(q="Orders PROD")
    assert ["fourth", "third"] == listed(q="event str")
    assert ["fourth", "second"] == listed(q="ada@example.com")
    assert ["third"] == listed(DEV, q="stream")
    assert ["second"] == listed(q="pay", status="failed")
    assert ["fifth"] == listed(q=str(ids["fifth"])[:13])
    assert [] == listed(q="hunter2222")
    assert [] == listed(q="--")
    assert [] == listed(q="rders")


def test_sorting(listed):
    """By both times, in both directions."""
    assert EVERY[::-1] == listed(sort="created_at")
    assert EVERY == listed(sort="-created_at")
    assert EVERY[::-1] == listed(sort="updated_at")
    assert EVERY == listed(sort="-updated_at")


@pytest.mark.parametrize(
    ("caller", "sort"),
    [
        pytest.param(OPERATOR, "-created_at", id="operator"),
        pytest.param(OWNER, "created_at", id="owner"),
        pytest.param(DEV, "-updated_at", id="requester"),
    ],
)
def test_turning_pages(world, ids, portal, caller, sort):
    """Every request once, in order, while others come in."""
    whole = [each["id"] for each in portal("GET", "/requests", caller, params={"sort": sort}).json()["items"]]
    met, cursor = [], None
    while True:
        query = {"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = portal("GET", "/requests", caller, params=query).json()
        met += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        if len(met) == 2:
            late = str(world.order("queue", DEV).id)

    assert whole == [each for each in met if each != late]
    assert (late in met) is (sort == "created_at")


def test_requests_of_one_moment_are_told_apart(world, ids):
    """By their ids."""
    at = utc_now()
    world.session.execute(update(Request).values(created_at=at))
    met, after = [], None
    while rows := read_page(world.session, OPERATOR, Narrowing(), Part(after=after, limit=2)):
        met += [row.id for row in rows]
        after = Position(at=rows[-1].at, request_id=rows[-1].id)

    assert sorted(ids.values(), reverse=True) == met


def test_a_query_that_makes_no_sense_is_refused(portal, world):
    """Before the database is asked."""
    for query in (
        {"sort": "name"},
        {"status": "lost"},
        {"status": ["failed", "lost"]},
        {"q": "a" * 201},
        {"q": "a\0"},
        {"created_after": "yesterday"},
        {"limit": 0},
        {"limit": 201},
        {"cursor": "x"},
        {"user": "\0"},
    ):
        answer = portal("GET", "/requests", OPERATOR, params=query)

        assert (422, "invalid-body") == (answer.status_code, answer.json()["code"]), query


def test_a_cursor_is_of_one_order(portal, ids):
    """In another one its position means nothing."""
    cursor = portal("GET", "/requests", OPERATOR, params={"limit": 2}).json()["next_cursor"]

    answer = portal("GET", "/requests", OPERATOR, params={"cursor": cursor, "sort": "-updated_at"})

    assert (422, "invalid-cursor") == (answer.status_code, answer.json()["errors"][0]["code"])


def test_what_ended_costs_no_look_at_airflow_s_tasks(world, portal, ids):
    """Unless an operator touched its run: then the list is right at once."""
    for request_id in ids.values():
        request = world.session.get(Request, request_id)
        world.run(request, "success")
        world.task(request, "a", "success", a_report())
    assert {"completed"} == {each["status"] for each in portal("GET", "/requests", OPERATOR).json()["items"]}
    world.session.execute(update(Request).values(updated_at=utc_now()))
    world.session.commit()
    asked = []
    event.listen(settings.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    portal("GET", "/requests", OPERATOR)
    quiet = [query for query in asked if "task_instance" in query]
    cleared = world.session.get(Request, ids["third"])
    world.run(cleared, "queued", clear_number=1)
    statuses = {each["id"]: each["status"] for each in portal("GET", "/requests", OPERATOR).json()["items"]}

    assert [] == quiet
    assert "queued" == statuses[str(cleared.id)]
    assert ["completed"] * 4 == [status for one, status in statuses.items() if one != str(cleared.id)]


@pytest.fixture(scope="module")
def many(database):
    """Twenty thousand requests, as the benchmark writes them."""
    with settings.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in WRITE:
            connection.execute(text(statement), {"requests": 20_000})
        for table in ("pao.request", "pao.request_words"):
            connection.execute(text(f"VACUUM ANALYZE {table}"))
        yield connection
        connection.execute(text("TRUNCATE pao.request, dag_run CASCADE"))


VIEWS = {
    "operator": OPERATOR,
    "requester": a_caller(Permission.REQUEST_READ, name="person7", roles=("PAO Developer",)),
    "frequent requester": a_caller(Permission.REQUEST_READ, name="developer", roles=("PAO Developer",)),
    "owner": a_caller(Permission.REQUEST_READ, name="person9", roles=("PAO Developer", "team-0", "team-3")),
}


@pytest.mark.parametrize("view", VIEWS)
def test_every_list_goes_along_an_index(many, view):
    """However it is narrowed down and sorted, and whoever asks; the next page too."""
    at = Position(at=utc_now() - dt.timedelta(days=30), request_id=many.scalar(select(Request.id).limit(1)))
    many.execute(text("SET random_page_cost = 1.1"))
    for name, query in LISTS.items():
        for after in (None, at):
            part = Part(sort=query.get("sort", "-created_at"), after=after, limit=51)
            found = page_query(VIEWS[view], narrowing(query), part)
            sql = str(found.compile(many.engine, compile_kwargs={"literal_binds": True})).replace("%%", "%")
            plan = "\n".join(row[0] for row in many.exec_driver_sql(f"EXPLAIN {sql.replace('%', '%%')}"))
            assert "Seq Scan on request " not in plan, f"{name}:\n{plan}"
            assert "Index" in plan, f"{name}:\n{plan}"


def narrowing(query):
    """The parameters of a list, as the operation takes them."""
    statuses = query.get("status", [])
    times = {
        name: dt.datetime.fromisoformat(query[name]) for name in ("created_after", "created_before") if name in query
    }
    return Narrowing(
        statuses=[statuses] if isinstance(statuses, str) else statuses,
        search=query.get("q"),
        **{name: query.get(name) for name in ("item_id", "user", "owner")},
        **times,
    )


def test_the_look_at_how_long_actions_were_kept_waiting_goes_along_an_index(many):
    """However many requests there ever were."""
    look = select(begun_actions()).compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})

    plan = "\n".join(row[0] for row in many.exec_driver_sql(f"EXPLAIN {str(look).replace('%', '%%')}"))

    assert "ix_request_updated_at" in plan
