"""Starts DAG runs in the caller's transaction: a run and the row that asked for it appear together or not at all."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import cast

from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.log import Log
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.exceptions import conflict, unavailable
from catalog_compiler.run_format import RunConf, revision_tag
from catalog_compiler.signing import signed


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyDag:
    """A DAG as Airflow would run it now."""

    dag: SerializedDAG
    dag_hash: str

    def holds(self, revision: str) -> bool:
        """Whether it was compiled from that revision of its item."""
        return revision_tag(revision) in self.dag.tags


class DagShelf:
    """Deserialized DAGs by id, kept while their content in the database stays the same. Thread-safe."""

    def __init__(self) -> None:
        """Start empty."""
        self._dags: dict[str, ReadyDag] = {}
        self._bag = DBDagBag(load_op_links=False)
        self._lock = threading.Lock()

    def get(self, session: Session, dag_id: str) -> ReadyDag | None:
        """The newest form of a DAG that may be run; None where there is none."""
        dag_hash = session.scalar(
            select(SerializedDagModel.dag_hash)
            .join(DagModel, DagModel.dag_id == SerializedDagModel.dag_id)
            .where(SerializedDagModel.dag_id == dag_id, ~DagModel.is_stale, ~DagModel.has_import_errors)
            .order_by(SerializedDagModel.created_at.desc())
            .limit(1)
        )
        if dag_hash is None:
            return None
        with self._lock:
            found = self._dags.get(dag_id)
            if found is None or found.dag_hash != dag_hash:
                dag = self._bag.get_latest_version_of_dag(dag_id, session=session)
                if dag is None:
                    return None
                found = ReadyDag(dag=dag, dag_hash=dag_hash)
                self._dags[dag_id] = found
            return found


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOrder:
    """A run to start. `actor` is who Airflow shows as having started it."""

    dag_id: str
    run_id: str
    conf: RunConf
    actor: str
    revision: str | None = None
    """The item's revision that the DAG must hold; None where any will do."""


def start_run(session: Session, shelf: DagShelf, order: RunOrder) -> None:
    """Queue a run as Airflow's own endpoint does; commits nothing. Raises a 409 or 503 problem."""
    ready = shelf.get(session, order.dag_id)
    if ready is None:
        raise unavailable(f"the DAG '{order.dag_id}' is not ready to run; try again in a moment")
    if order.revision is not None and not ready.holds(order.revision):
        raise conflict("stale-revision", f"'{order.dag_id}' is changing to a new revision; load the form again")
    ready.dag.create_dagrun(
        run_id=order.run_id,
        run_after=utc_now(),
        conf=cast("dict[str, object]", signed(order.conf, settings().fernet_key)),
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.REST_API,
        triggering_user_name=order.actor,
        state=DagRunState.QUEUED,
        session=session,
    )
    session.add(
        Log(event="trigger_dag_run", owner=order.actor, dag_id=order.dag_id, run_id=order.run_id, extra="by PAO")
    )
