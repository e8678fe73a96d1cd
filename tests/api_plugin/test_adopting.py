"""A run that was started in Airflow is a request like another one, or says why it can't be one."""

from __future__ import annotations

import threading

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select

from api_plugin.adopting import adopt, adopt_all
from api_plugin.airflow_log import id_of_run
from api_plugin.clear_outputs import clear_outputs
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.exceptions import ApiProblem
from api_plugin.operations.escalate import escalate
from api_plugin.permissions import Permission
from api_plugin.projection import bring_up_to_date
from api_plugin.request_answers import answer
from api_plugin.settling import settle
from api_plugin.state import ApiState
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request, RequestRollback
from catalog_compiler.signing import verified
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import NAME_FIELD, UNDO, action, compiled_item

REQUIRED = NAME_FIELD | {"required": True}
ITEM = compiled_item("queue", action("a", rollback=UNDO), action("b"), fields=[REQUIRED])
SECRET = compiled_item(
    "vault", action("a"), fields=[REQUIRED, {"id": "token", "name": "Token", "type": "password", "order": 2}]
)
CLOSED = compiled_item("closed", action("a"), header={"access": {"roles": ["Board"]}})
RUN_ID = "manual__2026-01-31T10:00:00+00:00"
DAG = "default.queue"
OPERATOR = a_caller(Permission.REQUEST_CREATE, Permission.REQUEST_READ, name="op")


@pytest.fixture
def started(world):
    """Starts a DAG as Airflow's UI does."""
    items = (ITEM, SECRET, CLOSED)
    world.publish(*items)
    world.parse(*items)

    def starting(conf, *, dag_id=DAG, run_id=RUN_ID, user="op"):
        world.shelf.get(world.session, dag_id).dag.create_dagrun(
            run_id=run_id, run_after=utc_now(), conf=conf, run_type=DagRunType.MANUAL, state=DagRunState.QUEUED,
            triggered_by=DagRunTriggeredByType.UI, triggering_user_name=user, session=world.session,
        )  # fmt: skip
        world.session.commit()
        return dag_id, run_id

    return starting


def people(_session, name):
    """Who Airflow knows."""
    return {"op": OPERATOR, "eve": a_caller(name="eve")}.get(name)


def adopted(world, key, **more):
    """What the run goes on with, as a call has it."""
    with create_session(scoped=False) as session:
        state = ApiState(catalogs=world.cache, dags=world.shelf)
        conf = adopt(session, state, key, find_user=people, **more)
        session.commit()
        return conf


def the_request(world):
    world.session.rollback()
    return world.session.scalars(select(Request)).one()


@pytest.mark.parametrize("conf", [{"fields": {"name": "orders"}}, {"name": "orders"}])
def test_it_becomes_a_request_of_whoever_started_it(world, started, conf):
    """With an id of its own, which is the same whoever finds the run first."""
    run = verified(adopted(world, started(conf), revision=ITEM.plan.revision), settings().fernet_key)

    request = the_request(world)
    assert (id_of_run(DAG, RUN_ID), RUN_ID, "op", {"name": "orders"}) == (
        request.id, request.run_id, request.user_id, request.fields
    )  # fmt: skip
    assert (str(request.id), RUN_ID, "op@example.com") == (
        run.request.id, run.request.run_of("automatic"), run.request.user.email
    )  # fmt: skip
    assert ["submitted", "validated", "queued"] == world.statuses(request)
    assert ["request.submit"] == list(world.session.scalars(select(Audit.action)))
    assert 1 == len(world.session.scalars(select(DagRun)).all())


def test_its_status_is_that_of_its_run(world, started):
    """And what it did is undone as that of any other request."""
    adopted(world, started({"name": "orders"}))
    request = the_request(world)
    world.run(request, "failed", run_id=RUN_ID)
    world.task(request, "a", "success", a_report(), run_id=RUN_ID)
    world.task(request, "b", "failed", a_report("failed"), run_id=RUN_ID)

    with create_session(scoped=False) as session:
        settled = settle(session, world.shelf, request.id)
        assert ("rolling_back", True) == (settled.request.status, settled.rollback_started)
        shown = answer(*[bring_up_to_date(session, [request.id])[0], (), None])
    assert shown.airflow_url.endswith(f"/dags/{DAG}/runs/manual__2026-01-31T10%3A00%3A00%2B00%3A00")
    assert ["a"] == world.session.scalars(select(RequestRollback)).one().actions


def test_asking_again_changes_nothing(world, started):
    """Each of its first actions asks, and the reconcile DAG as well."""
    key = started({"name": "orders"})
    ready, confs = threading.Barrier(3), []

    def ask():
        ready.wait()
        confs.append(adopted(world, key))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [confs[0]] * 3 == confs
    assert the_request(world).status == "queued"


REFUSED = {
    "wrong values": ({"fields": {"name": 7, "size": 1}}, {}, 422, "invalid-body"),
    "no values": (None, {}, 422, "invalid-body"),
    "no object": ({"fields": [1]}, {}, 409, "not-fields"),
    "secret fields": ({"name": "a", "token": "x"}, {"dag_id": "default.vault"}, 409, "secret-fields"),
    "a conf of another run": ({"signature": "0" * 64}, {}, 409, "copied-run"),
    "an item that is not for them": ({"name": "a"}, {"dag_id": "default.closed"}, 404, "unknown-item"),
    "nobody": ({"name": "a"}, {"user": None}, 403, "not-allowed"),
    "a stranger": ({"name": "a"}, {"user": "mallory"}, 403, "not-allowed"),
    "one who may not order": ({"name": "a"}, {"user": "eve"}, 403, "not-allowed"),
    "a rollback": ({"name": "a"}, {"dag_id": "default.queue.rollback"}, 404, "unknown-item"),
}


@pytest.mark.parametrize(("conf", "more", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_api_would_refuse_is_refused(world, started, conf, more, status, code):
    """And leaves no request."""
    with pytest.raises(ApiProblem) as caught:
        adopted(world, started(conf, **more))

    assert (status, code) == (caught.value.status, caught.value.code)
    assert [] == world.session.scalars(select(Request)).all()


def test_an_item_with_secret_fields_says_where_to_order_it(world, started):
    """Airflow would keep the values in clear."""
    with pytest.raises(ApiProblem) as caught:
        adopted(world, started({"name": "a"}, dag_id="default.vault"))

    assert (
        "'vault' has secret fields (token), whose values Airflow would keep in clear; order it through the catalog "
        "instead of starting its DAG" == caught.value.detail
    )


def test_a_run_of_another_revision_is_refused(world, started):
    """It was not judged by the form that is served now."""
    with pytest.raises(ApiProblem) as caught:
        adopted(world, started({"name": "a"}), revision="0" * 64)

    assert "stale-revision" == caught.value.code


def test_reconciling_finds_them(world, started):
    """Those that can be requests; requests of the API, and their rollbacks, are none of them."""
    world.order(fields={"name": "b"})
    started({"name": "orders"})
    started({}, run_id="wrong")
    started({"name": "by hand"}, dag_id="default.queue.manual")

    with create_session(scoped=False) as session:
        state = ApiState(catalogs=world.cache, dags=world.shelf)
        assert [2, 0] == [adopt_all(session, state, find_user=people) for _ in range(2)]
    world.session.rollback()
    assert {"a", "orders", "by hand", "b"} >= {
        request.fields["name"] for request in world.session.scalars(select(Request))
    }
    assert 3 == len(world.session.scalars(select(Request)).all())


def test_what_people_gave_who_took_it_over_is_shown_too(world, started):
    """Their run has the request's id, which is not that of the run that was started."""
    adopted(world, started({"name": "orders"}))
    request = the_request(world)
    world.run(request, "failed", run_id=RUN_ID)
    bring_up_to_date(world.session, [request.id])
    escalate(world.session, world.shelf, request, OPERATOR)
    world.session.commit()
    manual = {"dag_id": f"{DAG}.manual", "run_id": str(request.id)}
    world.run(request, "running", **manual)
    world.task(request, "ticket", "success", a_report(outputs={"key": "P-1"}), **manual)

    (request,) = bring_up_to_date(world.session, [request.id])
    assert {"key": "P-1"} == clear_outputs(world.session, request, "ticket")
