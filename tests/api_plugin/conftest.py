"""Apps are called in memory, as an ASGI server calls them; requests live in a database as Airflow leaves it."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path

import httpx
import pytest
from airflow.dag_processing import collection
from airflow.dag_processing.dagbag import DagBag
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.utils.session import create_session
from sqlalchemy import select, update

from api_plugin.app import rest_app, watchtower
from api_plugin.bodies import Draft
from api_plugin.catalog_cache import CatalogCache
from api_plugin.clock import utc_now
from api_plugin.datamodels.requests import RequestBody
from api_plugin.principals import Principal
from api_plugin.runs import DagShelf
from api_plugin.sign_ins import SignIns
from api_plugin.state import ApiState
from api_plugin.store.catalog import Catalog, CatalogItem, ItemRevision
from api_plugin.store.requests import Request, RequestEvent
from api_plugin.submitting import submit
from catalog_compiler.airflow.stubs import write_stubs
from catalog_compiler.run_format import REPORT_KEY

PLATFORM_DAGS = Path(__file__).parents[2] / "dags"


@pytest.fixture
def call():
    """Calls an ASGI app and gives the answer; a fault of the app is an answer too."""

    def calling(app, method="GET", path="/", **more):
        async def send():
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://pao") as client:
                return await client.request(method, path, **more)

        return asyncio.run(send())

    return calling


@pytest.fixture
def portal(call, world):
    """The REST API on the world's catalog, called by whoever `caller` is."""

    def calling(method, path, caller, **more):
        app = a_rest_app("portal", SignedIn(caller), catalogs=world.cache, dags=world.shelf)
        headers = {"Authorization": "Bearer known"} | more.pop("headers", {})
        return call(app, method, path, headers=headers, **more)

    return calling


@cache
def _made_app(_use):
    return rest_app()


def a_rest_app(use, sign_ins=None, **state):
    """The REST API as it is after its start. Its routes take long to make: those of a use are made once."""
    app = _made_app(use)
    app.state.sign_ins = SignIns(seconds=60) if sign_ins is None else sign_ins
    app.state.pao = ApiState(**state)
    app.state.tower = watchtower()
    return app


class SignedIn(SignIns):
    """Knows every credential, as the one caller's."""

    def __init__(self, caller):
        super().__init__(seconds=60)
        self._caller = caller

    async def caller(self, *_asked):
        return self._caller


class World:
    """A catalog `default` with items, and requests of them, in a real database that Airflow's processes left."""

    def __init__(self, session, folder):
        self.session = session
        self.folder = folder
        self.cache = CatalogCache(ttl=0)
        self.shelf = DagShelf()

    def publish(self, *items):
        """Publish compiled items over what is published, as the bundle does."""
        now = utc_now()
        catalog = self.session.get(Catalog, "default")
        if catalog is None:
            catalog = Catalog(name="default", tracking_ref="main", categories=["messaging"], problems=[])
            catalog.change_counter = 0
            self.session.add(catalog)
        catalog.commit = "c0ffee"
        catalog.change_counter += 1
        for item in items:
            plan = item.plan
            self.session.merge(
                ItemRevision(
                    catalog="default",
                    item_id=plan.item_id,
                    revision=plan.revision,
                    document=item.data,
                    plan=plan.model_dump(mode="json"),
                    file=item.file,
                    commit="c0ffee",
                    author="Ada",
                    committed_at=now,
                    published_at=now,
                )
            )
            self.session.flush()
            row = self.session.get(CatalogItem, ("default", plan.item_id))
            if row is None:
                row = CatalogItem(catalog="default", item_id=plan.item_id, retired=False)
                self.session.add(row)
            row.published_revision, row.valid = plan.revision, True
        self.session.commit()

    def parse(self, *items):
        """Write the DAGs of items, as the DAG processor does."""
        write_stubs(self.folder, "default", [item.plan for item in items], {})
        self._parse("default", self.folder)

    def parse_platform_dags(self):
        """Write PAO's own DAGs, as the DAG processor does."""
        self._parse("pao", PLATFORM_DAGS)

    def _parse(self, bundle, folder):
        if self.session.get(DagBundleModel, bundle) is None:
            self.session.add(DagBundleModel(name=bundle))
            self.session.flush()
        bag = DagBag(dag_folder=folder, bundle_path=folder)
        dags = [LazyDeserializedDAG.from_dag(dag) for dag in bag.dags.values()]
        with pytest.MonkeyPatch.context() as patch:
            # Who may see which DAG in Airflow's UI takes half of the time, and nothing of ours reads it.
            patch.setattr(collection, "_sync_dag_perms", lambda *_, **__: None)
            collection.update_dag_parsing_results_in_db(bundle, None, dags, {}, 0.1, set(), self.session)
        self.session.commit()

    def stale(self, dag_id):
        """Let a DAG be stale, as one whose file the DAG processor has not found."""
        self.session.execute(update(DagModel).where(DagModel.dag_id == dag_id).values(is_stale=True))
        self.session.commit()

    def view(self, catalog="default", *, cache=None):
        """The catalog as a call of the API sees it, in a session of its own."""
        with create_session(scoped=False) as session:
            return (cache or self.cache).view(session, catalog)

    def order(self, item_id="queue", caller=None, **body):
        """Accept a request."""
        given = RequestBody.model_validate({"item_id": item_id, "fields": {"name": "a"}} | body)
        draft = Draft(body=given, faults=())
        accepted = submit(self.session, self.shelf, self.view().items[item_id], draft, caller or a_caller())
        self.session.commit()
        return self.session.get(Request, accepted.request.id)

    def run(self, request, state, *, run_id=None, dag_id=None, clear_number=None):
        """Let Airflow have the run in that state."""
        values = {"state": state, "start_date": utc_now()}
        if state in {"success", "failed"}:
            values["end_date"] = utc_now()
        if clear_number is not None:
            values["clear_number"] = clear_number
        where = (DagRun.dag_id == (dag_id or request.dag_id), DagRun.run_id == (run_id or str(request.id)))
        assert 1 == self.session.execute(update(DagRun).where(*where).values(**values)).rowcount
        self.session.commit()

    def task(self, request, task_id, state, report=None, *, run_id=None, dag_id=None, try_number=1):
        """Let Airflow have a task in that state, with a report that a trigger left."""
        dag_id, run_id = dag_id or request.dag_id, run_id or str(request.id)
        where = (TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id, TaskInstance.task_id == task_id)
        values = {"state": state, "start_date": utc_now(), "try_number": try_number}
        assert 1 == self.session.execute(update(TaskInstance).where(*where).values(**values)).rowcount
        if report is not None:
            # As Airflow stores what a trigger pushes: JSON in a JSON string.
            XComModel.set(
                key=REPORT_KEY, value=report.model_dump_json(), task_id=task_id, dag_id=dag_id, run_id=run_id,
                session=self.session,
            )  # fmt: skip
        self.session.commit()

    def left(self, request, task_id, key, value, *, run_id=None, dag_id=None):
        """Let a running task have left that in XCom, as Airflow stores what a trigger sets."""
        XComModel.set(
            key=key, value=json.dumps(value), task_id=task_id, dag_id=dag_id or request.dag_id,
            run_id=run_id or str(request.id), session=self.session,
        )  # fmt: skip
        self.session.commit()

    def events(self, request):
        """All events of a request, as the database has them."""
        self.session.rollback()
        query = select(RequestEvent).where(RequestEvent.request_id == request.id).order_by(RequestEvent.seq)
        return self.session.scalars(query.execution_options(populate_existing=True)).all()

    def statuses(self, request):
        """The statuses that the request went through."""
        return [event.data["status"] for event in self.events(request) if event.type == "status"]


def a_caller(*permissions, name="dev", roles=("PAO Developer",)):
    """A signed-in user."""
    return Principal(
        id=name,
        name=name.title(),
        email=f"{name}@example.com",
        roles=tuple(roles),
        permissions=frozenset(permissions),
        address="127.0.0.1",
    )


@pytest.fixture
def world(session, tmp_path):
    """An empty one."""
    return World(session, tmp_path / "stubs")
