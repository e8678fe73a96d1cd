"""Requests of every status, as Airflow's processes leave them, and the operations on them through the API."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select

from api_plugin.cancellation import Cancellation
from api_plugin.clock import utc_now
from api_plugin.permissions import Permission
from api_plugin.projection import bring_up_to_date
from api_plugin.settling import settle
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request, RequestRollback
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

FIELDS = [
    {"id": "name", "name": "Name", "type": "string", "order": 1, "validation": {"max": 5}},
    {"id": "secret", "name": "Secret", "type": "password", "order": 2, "required": False},
]
BOTH = {"manual": [action("ticket", rollback=UNDO)], "fields": FIELDS}
UNDONE = (action("a", rollback=UNDO), action("b", rollback=UNDO), action("c"))
ITEMS = {
    "held": compiled_item("held", *UNDONE, on_failure="hold", **BOTH),
    "plain": compiled_item("plain", action("a"), action("b"), action("c"), on_failure="hold", **BOTH),
    "asking": compiled_item("asking", *UNDONE, on_failure="escalate", **BOTH),
    "by-hand": compiled_item("by-hand", manual=[action("ticket", rollback=UNDO)], fields=FIELDS),
}
MAY = (Permission.REQUEST_READ, Permission.REQUEST_OPERATE, Permission.REQUEST_CREATE)
DEV = a_caller(*MAY)
OTHER = a_caller(*MAY, name="other")
TEAM = a_caller(*MAY, name="owner", roles=("PAO Developer", "team"))
OPERATOR = a_caller(*MAY, Permission.REQUEST_READ_ALL, Permission.REQUEST_OPERATE_ALL, name="operator")


class Desk:
    """Makes requests of any status, and operates on them."""

    def __init__(self, world, portal):
        self.world = world
        self.portal = portal
        self.published = set()

    def order(self, item_id="held", **body):
        """A request that is queued, of an item that is published when it is first needed."""
        if item_id not in self.published:
            self.published.add(item_id)
            self.publish(ITEMS[item_id])
        return self.world.order(item_id, DEV, **body)

    def publish(self, item):
        """Publish an item, or another revision of it."""
        self.world.publish(item)
        self.world.parse(item)

    def failed(self, item_id="held", *, completed=("a",), failed="b", **body):
        """A request whose run failed in the middle; what comes after was not reached."""
        request = self.order(item_id, **body)
        self.fail(request, completed=completed, failed=failed)
        return request

    def fail(self, request, *, completed=("a",), failed="b", try_number=1, **run):
        """Let a request's run fail."""
        for name in completed:
            self.world.task(request, name, "success", a_report(outputs={"id": name}))
        self.world.task(request, failed, "failed", a_report("failed", try_number=try_number), try_number=try_number)
        if failed == "b":
            self.world.task(request, "c", "upstream_failed")
        self.world.run(request, "failed", **run)

    def complete(self, request):
        """Let a request's run complete."""
        for name in ("a", "b", "c"):
            self.world.task(request, name, "success", a_report(outputs={"id": name}))
        self.world.run(request, "success")

    def undo(self, request, **states):
        """Let the run of a request's rollback end with its places in these states."""
        rollback = self.rollback(request)
        where = {"dag_id": rollback.dag_id, "run_id": rollback.run_id}
        for place, state in states.items():
            task = place.replace("_", "-")
            report = a_report() if state == "success" else a_report("failed")
            self.world.task(request, task, state, report, **where)
        self.world.run(request, "failed" if "failed" in states.values() else "success", **where)

    def rollback(self, request):
        """Its rollback, as the database has it."""
        self.world.session.rollback()
        query = select(RequestRollback).where(RequestRollback.request_id == request.id)
        return self.world.session.scalars(query.execution_options(populate_existing=True)).one()

    def cancel(self, request, *, ended=True):
        """Let a person have cancelled it, who left what it did as it is."""
        row = self.world.session.get(Request, request.id)
        at = utc_now() - dt.timedelta(minutes=1)
        row.cancellation = Cancellation(clear_number=0, at=at, by="dev", undo=False).model_dump(mode="json")
        self.world.session.commit()
        if ended:
            self.world.run(request, "failed")

    def of_status(self, status):
        """A request of that status, of the item that holds what failed."""
        request = self.order()
        self.world.run(request, "queued" if status == "queued" else "running")
        match status:
            case "completed":
                self.complete(request)
            case "failed" | "rolling_back" | "rolled_back" | "rollback_failed":
                self.fail(request)
            case "cancelling" | "cancelled":
                self.world.task(request, "a", "success", a_report(outputs={"id": "a"}))
                self.cancel(request, ended=status == "cancelled")
        if status in {"rolling_back", "rolled_back", "rollback_failed"}:
            assert 202 == self.do("rollback", request).status_code
        if status in {"rolled_back", "rollback_failed"}:
            self.undo(request, undo_1="success" if status == "rolled_back" else "failed")
        assert status == self.look(request).status
        return request

    def look(self, request):
        """The request, up to date."""
        self.world.session.rollback()
        found = bring_up_to_date(self.world.session, [request.id])[0]
        self.world.session.commit()
        return found

    def settle(self, request):
        """What its run's failure callback asks for."""
        with create_session(scoped=False) as session:
            settled = settle(session, self.world.shelf, request.id)
            session.commit()
        return settled

    def do(self, operation, request, body=None, *, caller=DEV, **headers):
        """Call an operation."""
        more = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            more["content"] = json.dumps(body)
            more["headers"]["Content-Type"] = "application/json"
        return self.portal("POST", f"/requests/{request.id}/{operation}", caller, **more)

    def states(self, dag_id, run_id):
        """The states of a run's tasks."""
        self.world.session.rollback()
        where = (TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id)
        rows = self.world.session.execute(select(TaskInstance.task_id, TaskInstance.state).where(*where))
        return {row.task_id: row.state for row in rows}

    def run_of(self, dag_id, run_id):
        """A run."""
        self.world.session.rollback()
        where = (DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        return self.world.session.scalars(
            select(DagRun).where(*where).execution_options(populate_existing=True)
        ).one_or_none()

    def audited(self, request, operation):
        """Who is on record to have done it."""
        where = (Audit.target == str(request.id), Audit.action == f"request.{operation}")
        self.world.session.rollback()
        return list(self.world.session.scalars(select(Audit.actor).where(*where)))


@pytest.fixture
def desk(world, portal):
    """On the world's catalog."""
    return Desk(world, portal)
