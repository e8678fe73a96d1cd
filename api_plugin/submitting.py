"""Takes a request: checks it, and makes its row and its DAG run in one transaction, so that there is both or neither."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from dataclasses import dataclass
from typing import cast

from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.log import Log
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.catalog_cache import ServedItem
from api_plugin.configuration import sealer, settings
from api_plugin.correlation import correlation_id
from api_plugin.datamodels import RequestBody
from api_plugin.exceptions import FieldProblem, conflict, invalid_fields, unavailable
from api_plugin.principals import Principal
from api_plugin.projection import open_request
from api_plugin.readiness import revision_of_dag
from api_plugin.status import DEFAULT_ATTEMPTS
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request
from catalog_compiler.plan import Mode
from catalog_compiler.run_format import RequestInfo, RunConf, UserInfo, dag_id
from catalog_compiler.signing import signed
from catalog_compiler.submission import check_submission


@dataclass(frozen=True, kw_only=True, slots=True)
class _ReadyDag:
    dag: SerializedDAG
    dag_hash: str
    revision: str | None


class DagShelf:
    """Deserialized DAGs by id, kept while their content in the database stays the same. Thread-safe."""

    def __init__(self) -> None:
        """Start empty."""
        self._dags: dict[str, _ReadyDag] = {}
        self._bag = DBDagBag(load_op_links=False)
        self._lock = threading.Lock()

    def get(self, session: Session, wanted: str) -> _ReadyDag | None:
        """The newest form of a DAG that may be run; None where there is none."""
        row = session.execute(
            select(SerializedDagModel.dag_hash)
            .join(DagModel, DagModel.dag_id == SerializedDagModel.dag_id)
            .where(SerializedDagModel.dag_id == wanted, ~DagModel.is_stale, ~DagModel.has_import_errors)
            .order_by(SerializedDagModel.created_at.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        with self._lock:
            found = self._dags.get(wanted)
            if found is None or found.dag_hash != row.dag_hash:
                dag = self._bag.get_latest_version_of_dag(wanted, session=session)
                if dag is None:
                    return None
                found = _ReadyDag(dag=dag, dag_hash=row.dag_hash, revision=revision_of_dag(dag))
                self._dags[wanted] = found
            return found


def submit(
    session: Session, shelf: DagShelf, served: ServedItem, body: RequestBody, caller: Principal, address: str | None
) -> Request:
    """Accept a request for a served item; raises a problem where it can't be accepted. Nothing is committed here."""
    mode = _mode(served, body)
    if body.revision is not None and body.revision != served.revision:
        raise conflict(
            "stale-revision",
            f"'{body.item_id}' changed since the form was loaded; load it again",
            current_revision=served.revision,
        )
    values = _checked_values(served, body)
    now = dt.datetime.now(dt.UTC)
    request_id = uuid.uuid4()
    secret = {field.id for field in served.plan.fields if field.sensitive}
    fields: dict[str, JsonValue] = {
        name: sealer().seal(value) if name in secret else value for name, value in values.items()
    }
    user = UserInfo(
        id=caller.id, email=caller.email, name=caller.name, roles=caller.roles, organization=settings().organization
    )
    info = RequestInfo(
        id=str(request_id), timestamp=now, catalog=served.catalog, url=request_url(request_id), mode=mode,
        correlation_id=correlation_id(), user=user,
    )  # fmt: skip
    conf = RunConf(request=info, item_id=body.item_id, revision=served.revision, fields=fields)
    dag = dag_id(served.catalog, body.item_id, mode)
    start_run(session, shelf, dag, str(request_id), conf, caller.id, now, revision=served.revision)
    request = Request(
        id=request_id, catalog=served.catalog, item_id=body.item_id, item_version=served.item.header.version,
        owner=served.item.header.owner, revision=served.revision, mode=mode, dag_id=dag, fields=fields,
        user_id=caller.id, user=user.model_dump(mode="json"), comment=body.comment,
        correlation_id=info.correlation_id, parent_id=None, created_at=now, updated_at=now, ended_at=None,
        status="queued", state={}, event_seq=0,
    )  # fmt: skip
    actions = served.plan.fulfillment(mode).actions
    open_request(
        session, request, [(a.name, a.type, (a.retry.attempts + 1) if a.retry else DEFAULT_ATTEMPTS) for a in actions]
    )
    session.add(
        Audit(
            at=now,
            actor=caller.id,
            action="request.submit",
            target=str(request_id),
            outcome="accepted",
            address=address,
            correlation_id=info.correlation_id,
            detail={"item_id": body.item_id, "revision": served.revision, "catalog": served.catalog},
        )  # fmt: skip
    )
    return request


def start_run(
    session: Session, shelf: DagShelf, dag: str, run_id: str, conf: RunConf, actor: str, now: dt.datetime, *,
    revision: str | None,
) -> None:  # fmt: skip
    """Queue a DAG run in the caller's transaction, as Airflow's own endpoint does.

    `revision`, where given, is the one that the DAG must hold. Raises a 409 or 503 problem.
    """
    ready = shelf.get(session, dag)
    if ready is None:
        raise unavailable(f"the DAG '{dag}' is not ready to run; try again in a moment")
    if revision is not None and ready.revision != revision:
        raise conflict("stale-revision", f"'{dag}' is changing to a new revision right now; load the form again")
    ready.dag.create_dagrun(
        run_id=run_id,
        run_after=now,
        conf=cast("dict[str, object]", signed(conf, settings().fernet_key)),
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.REST_API,
        triggering_user_name=actor,
        state=DagRunState.QUEUED,
        session=session,
    )
    session.add(Log(event="trigger_dag_run", owner=actor, dag_id=dag, run_id=run_id, extra="by PAO"))


def request_url(request_id: uuid.UUID) -> str:
    """The link to a request."""
    return f"{settings().base_url.rstrip('/')}/api/v1/requests/{request_id}"


def _mode(served: ServedItem, body: RequestBody) -> Mode:
    if body.mode is None:
        return served.plan.modes[0]
    if body.mode not in served.plan.modes:
        ways = " and ".join(served.plan.modes)
        raise invalid_fields(
            [FieldProblem(pointer="/mode", code="not-an-option", message=f"this item has no such way; it has {ways}")]
        )
    return body.mode


def _checked_values(served: ServedItem, body: RequestBody) -> dict[str, JsonValue]:
    result = check_submission(served.item, body.fields, now=dt.datetime.now(dt.UTC))
    if result.errors:
        raise invalid_fields(
            [FieldProblem(pointer=error.pointer, code=error.code, message=error.message) for error in result.errors]
        )
    return dict(result.values)
