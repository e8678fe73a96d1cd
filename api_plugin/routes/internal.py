"""`/internal`: what PAO's own DAGs and callbacks need, for the service principal alone."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.models.dagbag import DagPriorityParsingRequest
from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from api_plugin.bodies import JsonBody
from api_plugin.datamodels import CatalogState, ReconcileAnswer, ReconcileFailure, SettleAnswer, SettleBody
from api_plugin.documentation import problems
from api_plugin.exceptions import not_found
from api_plugin.principals import ServicePrincipal
from api_plugin.reconciling import reconcile_all
from api_plugin.settling import request_of_run, settle
from api_plugin.state import State
from api_plugin.store.catalog import Catalog, CatalogItem

router = APIRouter(prefix="/internal", tags=["internal"])


@router.post(
    "/settle", response_model=SettleAnswer, summary="Settle a run that ended", responses=problems(401, 403, 422)
)
def settle_run(
    _caller: ServicePrincipal,
    body: Annotated[SettleBody, Depends(JsonBody(SettleBody))],
    session: SessionDep,
    state: State,
) -> SettleAnswer:
    """Start the rollback that the request of this run needs, if it does. Calling it again changes nothing."""
    request_id = request_of_run(session, body.dag_id, body.run_id)
    if request_id is None:
        return SettleAnswer(request_id=None, status=None, rollback_started=False)
    settled = settle(session, state.dags, request_id)
    session.commit()
    return SettleAnswer(request_id=request_id, status=settled.request.status, rollback_started=settled.rollback_started)


@router.post(
    "/reconcile", response_model=ReconcileAnswer, summary="Settle what was missed", responses=problems(401, 403)
)
def reconcile(_caller: ServicePrincipal, session: SessionDep, state: State) -> ReconcileAnswer:
    """Look at every request that has not ended: bring it up to date, and start what a lost callback did not.

    One that can't be settled keeps no other from it; the answer lists those, and the next call tries them again.
    """
    done = reconcile_all(session, state.dags)
    return ReconcileAnswer(
        examined=done.examined,
        rollbacks_started=done.rollbacks_started,
        failures=[ReconcileFailure(id=request_id, message=why) for request_id, why in done.failures.items()],
    )


@router.post(
    "/catalogs/{catalog}/refresh", status_code=202, response_model=CatalogState, summary="Look at the repository now",
    responses=problems(401, 403, 404),
)  # fmt: skip
def refresh_catalog(_caller: ServicePrincipal, session: SessionDep, state: State, catalog: str) -> CatalogState:
    """Have the DAG processor refresh the catalog's bundle at once, whatever its interval."""
    answer = _state(session, state, catalog)
    # A request to parse a file makes the manager refresh the file's bundle first; the file need not exist.
    session.execute(
        insert(DagPriorityParsingRequest)
        .values(id=f"pao-{catalog}"[:32], bundle_name=catalog, relative_fileloc="refresh.py")
        .on_conflict_do_nothing()
    )
    return answer


@router.get(
    "/catalogs/{catalog}",
    response_model=CatalogState,
    summary="Show how far a catalog is",
    responses=problems(401, 403, 404),
)
def show_catalog_state(_caller: ServicePrincipal, session: SessionDep, state: State, catalog: str) -> CatalogState:
    """Show what is published, what of it is not ready yet, and what is wrong with it."""
    return _state(session, state, catalog)


def _state(session: SessionDep, state: State, catalog: str) -> CatalogState:
    state.catalogs.refresh(session)
    view = state.catalogs.view(session, catalog)
    row = session.get(Catalog, catalog, populate_existing=True) if view is not None else None
    if view is None or row is None:
        raise not_found(f"there is no catalog '{catalog[:120]}'", "unknown-catalog")
    invalid = session.scalars(
        select(CatalogItem.item_id).where(CatalogItem.catalog == catalog, ~CatalogItem.valid, ~CatalogItem.retired)
    )
    return CatalogState(
        catalog=catalog,
        commit=row.commit,
        refreshed_at=row.refreshed_at,
        published_at=row.published_at,
        failure=row.failure,
        failing_since=row.failing_since,
        pending=sorted(view.pending),
        invalid=sorted(invalid),
        problems=row.problems,
    )
