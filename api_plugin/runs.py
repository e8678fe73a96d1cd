"""Starts DAG runs in the caller's transaction: a run and the row that asked for it appear together or not at all."""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.tasklog import LogTemplate
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from api_plugin.active_runs import ACTIVE
from api_plugin.airflow_log import LOG, act
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.exceptions import unavailable
from api_plugin.first_tasks import may_start
from api_plugin.run_rows import RunWriter, may_write
from api_plugin.store.inserting import Rows
from api_plugin.store.notices import QUEUE
from catalog_compiler.run_format import RunConf, revision_tag
from catalog_compiler.signing import signed

HELD = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
"""`run_after` of a run that waits for its turn: Airflow's scheduler leaves it alone until then."""

# Made once: to put a statement together takes longer than to run it.
_NEWEST = (
    select(
        SerializedDagModel.dag_hash,
        SerializedDagModel.dag_version_id,
        DagModel.bundle_version,
        DagModel.is_paused,
        DagModel.max_active_runs,
        select(func.max(LogTemplate.id)).scalar_subquery().label("log_template_id"),
    )
    .join(DagModel, DagModel.dag_id == SerializedDagModel.dag_id)
    .where(SerializedDagModel.dag_id == bindparam("dag"), ~DagModel.is_stale, ~DagModel.has_import_errors)
    .order_by(SerializedDagModel.created_at.desc())
    .limit(1)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _KnownDag:
    """A deserialized DAG, with what it was made from."""

    dag_hash: str
    dag: SerializedDAG
    writer: RunWriter


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyDag:
    """A DAG as Airflow would run it now."""

    dag: SerializedDAG
    writer: RunWriter
    dag_version_id: UUID
    bundle_version: str | None
    log_template_id: int | None
    is_paused: bool
    max_active_runs: int

    def holds(self, revision: str) -> bool:
        """Whether it was compiled from that revision of its item."""
        return revision_tag(revision) in self.dag.tags


VERSIONS_LOOKED_AT = 20
"""Versions of a DAG among which one of before is looked for, the newest first."""
DAGS_KEPT = 100
"""DAGs that a process keeps deserialized; another one that is ordered takes the place of the one unused for longest."""


class DagShelf:
    """Deserialized DAGs by id, kept while their content in the database stays the same. Thread-safe."""

    def __init__(self, size: int = DAGS_KEPT) -> None:
        """Start empty, and keep `size` DAGs."""
        self._size = size
        self._dags: OrderedDict[str, _KnownDag] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._dags)

    def get(self, session: Session, dag_id: str) -> ReadyDag | None:
        """The newest form of a DAG that may be run; None where there is none."""
        newest = session.execute(_NEWEST, {"dag": dag_id}).one_or_none()
        if newest is None:
            return None
        known = self._known(session, dag_id, newest.dag_hash)
        if known is None:
            return None
        return ReadyDag(
            dag=known.dag,
            writer=known.writer,
            dag_version_id=newest.dag_version_id,
            bundle_version=newest.bundle_version,
            log_template_id=newest.log_template_id,
            is_paused=newest.is_paused,
            max_active_runs=newest.max_active_runs,
        )

    def kept(self, session: Session, dag_id: str, revision: str) -> ReadyDag | None:
        """A DAG as it was at that revision of its item; None where Airflow keeps none, or none that it would run.

        It keeps the versions that had runs; and it runs another than the newest only by the bundle's version.
        """
        newest = self.get(session, dag_id)
        if newest is None or not may_write():
            return None
        versions = session.scalars(
            select(DagVersion)
            .where(DagVersion.dag_id == dag_id, DagVersion.bundle_version.is_not(None))
            .order_by(DagVersion.version_number.desc())
            .limit(VERSIONS_LOOKED_AT)
        ).all()
        bag = DBDagBag(load_op_links=False)
        for version in versions:
            dag = bag.get_dag(version.id, session)
            if dag is not None and revision_tag(revision) in dag.tags:
                return replace(
                    newest,
                    dag=dag,
                    writer=RunWriter(dag),
                    dag_version_id=version.id,
                    bundle_version=version.bundle_version,
                )
        return None

    def _known(self, session: Session, dag_id: str, dag_hash: str) -> _KnownDag | None:
        with self._lock:
            known = self._dags.pop(dag_id, None)
            if known is None or known.dag_hash != dag_hash:
                # A bag of its own, since a bag keeps every DAG that it ever read.
                dag = DBDagBag(load_op_links=False).get_latest_version_of_dag(dag_id, session=session)
                if dag is None:
                    return None
                known = _KnownDag(dag_hash=dag_hash, dag=dag, writer=RunWriter(dag))
            self._dags[dag_id] = known
            if len(self._dags) > self._size:
                self._dags.popitem(last=False)
            return known


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOrder:
    """A run to start. `actor` is who Airflow shows as having started it."""

    dag_id: str
    run_id: str
    conf: RunConf
    actor: str
    revision: str | None = None
    """The item's revision that the DAG must hold; None where any will do."""
    held: bool = False
    """Whether it waits for its turn in the queue instead of starting at once."""
    of_before: bool = False
    """Whether the revision may be one of before: for what goes on with a request, which stays at its own."""


class OtherRevisionError(Exception):
    """A DAG does not hold the revision of its item that a run is wanted of: what is served and Airflow differ now."""


def start_run(session: Session, shelf: DagShelf, order: RunOrder) -> None:
    """Queue a run as Airflow's own endpoint does; commits nothing.

    Raises a 503 problem where the DAG is not ready, and `OtherRevisionError`.
    """
    rows = Rows()
    add_run(session, rows, shelf, order)
    rows.insert(session)


def add_run(session: Session, rows: Rows, shelf: DagShelf, order: RunOrder) -> None:
    """Do the same as one with what else is inserted: `rows` is still to be inserted afterwards."""
    ready = shelf.get(session, order.dag_id)
    if ready is None:
        raise unavailable(f"the DAG '{order.dag_id}' is not ready to run; try again in a moment")
    if order.revision is not None and order.of_before and not ready.holds(order.revision):
        ready = shelf.kept(session, order.dag_id, order.revision) or ready
    if order.revision is not None and not ready.holds(order.revision):
        raise OtherRevisionError(f"'{order.dag_id}' holds another revision of its item than {order.revision}")
    now = utc_now()
    what: dict[str, Any] = {
        "run_id": order.run_id,
        "run_after": HELD if order.held else now,
        "conf": signed(order.conf, settings().fernet_key),
        "run_type": DagRunType.MANUAL,
        "triggered_by": DagRunTriggeredByType.REST_API,
        "triggering_user_name": order.actor,
        "state": DagRunState.QUEUED,
    }
    if may_write():
        run = DagRun(dag_id=order.dag_id, bundle_version=ready.bundle_version, **what)
        run.log_template_id = ready.log_template_id
        run.created_dag_version_id = ready.dag_version_id
        at_once = not order.held and _may_start_at_once(session, ready)
        ready.writer.add(session, rows, run, ready.dag_version_id, started=now if at_once else None)
    else:
        ready.dag.create_dagrun(session=session, **what)
    rows.add_values(LOG, act("trigger_dag_run", (order.dag_id, order.run_id), order.actor))
    if order.held:
        rows.tell(QUEUE, "")


def _may_start_at_once(session: Session, ready: ReadyDag) -> bool:
    """Whether the scheduler would let another run of the DAG start now."""
    if not settings().start_at_once or ready.is_paused or not ready.writer.first or not may_start():
        return False
    return ACTIVE.has_room(session, ready.dag.dag_id, ready.max_active_runs)
