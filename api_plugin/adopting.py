"""Makes requests of runs that were started in Airflow: by its first step, and by reconciling.

Such a run is judged as an order of whoever started it would be, and goes on as any other request. What the API would
refuse is refused; so is an item with secret fields, whose values Airflow would keep in clear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from airflow.models.dagrun import DagRun
from airflow.utils.state import State
from pydantic import JsonValue
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey
from api_plugin.bodies import Draft
from api_plugin.catalog_answers import served_item
from api_plugin.datamodels.requests import RequestBody
from api_plugin.exceptions import ApiProblem, conflict, not_allowed, not_found
from api_plugin.permissions import Permission
from api_plugin.principals import Principal, principal_named
from api_plugin.state import ApiState
from api_plugin.store.catalog import CatalogItem
from api_plugin.store.requests import Request, RequestEscalation
from api_plugin.submitting import submit
from catalog_compiler.plan import Mode
from catalog_compiler.signing import SIGNATURE

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Runs that one look adopts."""

FindUser = Callable[[Session, str], Principal | None]


def adopt(
    session: Session,
    state: ApiState,
    key: RunKey,
    *,
    revision: str | None = None,
    find_user: FindUser = principal_named,
) -> Mapping[str, JsonValue]:
    """The conf that a run of an item goes on with; its request is made where there is none yet. Commits nothing.

    `revision` is that of the DAG which runs. Raises a problem where the run can't be a request.
    """
    dag_id, run_id = key
    run = session.scalars(
        select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id).with_for_update(of=DagRun)
    ).one_or_none()
    if run is None:
        raise not_found(f"Airflow has no run '{run_id[:120]}' of '{dag_id[:120]}'", "unknown-run")
    known = select(exists().where(Request.dag_id == dag_id, Request.run_id == run_id))
    if not session.scalar(known):
        _accept(session, state, run, revision, find_user)
    conf: Mapping[str, JsonValue] = run.conf or {}
    return conf


def adopt_all(session: Session, state: ApiState, *, find_user: FindUser = principal_named) -> int:
    """Make requests of all runs that were started in Airflow; commits each. How many there were.

    One that can't be a request says so itself, where its first step begins.
    """
    adopted = 0
    for dag_id, run_id in session.execute(_started_in_airflow()).all():
        try:
            adopt(session, state, (dag_id, run_id), find_user=find_user)
            session.commit()
            adopted += 1
        except ApiProblem as problem:
            session.rollback()
            log.info("a run is no request", dag_id=dag_id, run_id=run_id, reason=problem.detail)
    return adopted


def _started_in_airflow() -> Any:
    item: ColumnElement[str] = CatalogItem.catalog + "." + CatalogItem.item_id
    items = select(item).union_all(select(item + ".manual")).scalar_subquery()
    request = exists().where(Request.dag_id == DagRun.dag_id, Request.run_id == DagRun.run_id)
    escalation = exists().where(RequestEscalation.dag_id == DagRun.dag_id, RequestEscalation.run_id == DagRun.run_id)
    return (
        select(DagRun.dag_id, DagRun.run_id)
        .where(DagRun.state.in_(State.unfinished_dr_states), DagRun.dag_id.in_(items), ~or_(request, escalation))
        .order_by(DagRun.id)
        .limit(AT_ONCE)
    )


def _accept(session: Session, state: ApiState, run: DagRun, revision: str | None, find_user: FindUser) -> None:
    conf = run.conf or {}
    if SIGNATURE in conf:
        raise conflict("copied-run", "the conf of this run is that of another one; start it with fields of its own")
    catalog, item_id, mode = _item_of(run.dag_id)
    caller = find_user(session, run.triggering_user_name) if run.triggering_user_name else None
    if caller is None:
        raise not_allowed("nobody that Airflow knows started this run; order the item through the catalog instead")
    if not caller.may(Permission.REQUEST_CREATE):
        raise not_allowed(f"'{caller.id}', who started this run, may not order items")
    served = served_item(state, session, catalog, item_id, caller)
    if secret := sorted(field.id for field in served.plan.fields if field.sensitive):
        raise conflict(
            "secret-fields",
            f"'{item_id}' has secret fields ({', '.join(secret)}), whose values Airflow would keep in clear; order it "
            "through the catalog instead of starting its DAG",
        )
    body = RequestBody(
        item_id=item_id, catalog=catalog, mode=mode, revision=revision, fields=_fields(conf), comment=None
    )
    submit(session, state.dags, served, Draft(body=body, faults=()), caller, run=run)


def _item_of(dag_id: str) -> tuple[str, str, Mode]:
    catalog, _, rest = dag_id.partition(".")
    item_id, _, kind = rest.partition(".")
    if not item_id or kind not in {"", "manual"}:
        raise not_found(f"'{dag_id[:120]}' is no DAG that an item is fulfilled by", "unknown-item")
    return catalog, item_id, "manual" if kind else "automatic"


def _fields(conf: Mapping[str, Any]) -> dict[str, JsonValue]:
    """What was filled in: `{"fields": {...}}` as the API takes it, or the values alone."""
    fields = conf.get("fields", conf)
    if not isinstance(fields, dict):
        raise conflict("not-fields", "the run's conf must be an object of the item's fields: {\"fields\": {...}}")
    return fields
