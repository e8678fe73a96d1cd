"""`/internal`: what PAO's own DAGs and callbacks need, for the service principal alone."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Depends, Query
from sqlalchemy import func, select

from api_plugin import breakers
from api_plugin.adopting import adopt, adopt_all
from api_plugin.bodies import JsonBody
from api_plugin.datamodels.health import BreakersAnswer, BreakersBody
from api_plugin.datamodels.internal import (
    AdoptAnswer,
    AdoptBody,
    CatalogNames,
    CatalogState,
    OwnerReportAnswer,
    PublishedCommit,
    ReconcileAnswer,
    ReconcileFailure,
    ReportedBody,
    SettleAnswer,
    SettleBody,
    TeamAccounts,
    WaitingItem,
)
from api_plugin.documentation import problems
from api_plugin.exceptions import not_found
from api_plugin.followed import is_followed
from api_plugin.owner_reports import NOBODY, due_reports
from api_plugin.principals import ServicePrincipal
from api_plugin.reconciling import reconcile_all
from api_plugin.refreshing import ask_for_refresh
from api_plugin.settling import request_of_run, settle
from api_plugin.state import State
from api_plugin.store.catalog import IS_PUBLISHED, Catalog, CatalogCommit, CatalogItem, ItemRevision
from api_plugin.waiting_items import reasons
from catalog_compiler.plan import ItemPlan

router = APIRouter(prefix="/internal", tags=["internal"])

COMMITS = 50
"""Publications that one answer tells, the newest of them."""


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
    "/adopt", response_model=AdoptAnswer, summary="Make a request of a run that was started in Airflow",
    responses=problems(401, 403, 404, 409, 422, 503),
)  # fmt: skip
def adopt_run(
    _caller: ServicePrincipal,
    body: Annotated[AdoptBody, Depends(JsonBody(AdoptBody))],
    session: SessionDep,
    state: State,
) -> AdoptAnswer:
    """Judge the run's conf as an order of whoever started it, and make its request. Again, it changes nothing."""
    conf = adopt(session, state, (body.dag_id, body.run_id), revision=body.revision)
    session.commit()
    return AdoptAnswer(conf=dict(conf))


@router.post(
    "/reconcile", response_model=ReconcileAnswer, summary="Settle what was missed", responses=problems(401, 403)
)
def reconcile(_caller: ServicePrincipal, session: SessionDep, state: State) -> ReconcileAnswer:
    """Look at every request that has not ended: bring it up to date, and start what a lost callback did not.

    Runs that were started in Airflow become requests.

    One that can't be settled keeps no other from it; the answer lists those, and the next call tries them again.
    One whose run Airflow has lost is ended. Requests that have ended are kept, so that they outlive Airflow's rows.
    """
    adopt_all(session, state)
    done = reconcile_all(session, state.dags)
    return ReconcileAnswer(
        examined=done.examined,
        rollbacks_started=done.rollbacks_started,
        failures=[ReconcileFailure(id=request_id, message=why) for request_id, why in done.failures.items()],
        lost=done.lost,
        snapshots=done.snapshots,
    )


@router.post(
    "/breakers", response_model=BreakersAnswer, summary="Note which targets are left alone",
    responses=problems(401, 403, 422),
)  # fmt: skip
def note_breakers(
    _caller: ServicePrincipal,
    body: Annotated[BreakersBody, Depends(JsonBody(BreakersBody))],
    session: SessionDep,
) -> BreakersAnswer:
    """Keep what a process tells of its breakers, for health and metrics. An older state never replaces a newer one."""
    breakers.note_breakers(session, body.process, body.breakers)
    answer = BreakersAnswer(left_alone=[each.target for each in breakers.left_alone(session)])
    session.commit()
    return answer


@router.get("/catalogs", response_model=CatalogNames, summary="List the catalogs", responses=problems(401, 403))
def list_catalogs(_caller: ServicePrincipal, session: SessionDep) -> CatalogNames:
    """List the catalogs that are followed: published once, and not taken out of the configuration since."""
    followed = select(Catalog.name).where(is_followed()).order_by(Catalog.name)
    return CatalogNames(catalogs=list(session.scalars(followed)))


@router.post(
    "/catalogs/{catalog}/refresh", status_code=202, response_model=CatalogState, summary="Look at the repository now",
    responses=problems(401, 403, 404),
)  # fmt: skip
def refresh_catalog(_caller: ServicePrincipal, session: SessionDep, state: State, catalog: str) -> CatalogState:
    """Have the DAG processor refresh the catalog's bundle at once, whatever its interval."""
    answer = _state(session, state, catalog)
    ask_for_refresh(session, catalog)
    return answer


@router.get(
    "/catalogs/{catalog}",
    response_model=CatalogState,
    summary="Show how far a catalog is",
    responses=problems(401, 403, 404),
)
def show_catalog_state(
    _caller: ServicePrincipal,
    session: SessionDep,
    state: State,
    catalog: str,
    since: Annotated[int | None, Query(ge=0, description="Tell the publications after this number.")] = None,
) -> CatalogState:
    """Show what is published, what of it is not ready yet, what is wrong with it, and who has not been told of that."""
    return _state(session, state, catalog, since)


@router.get(
    "/catalogs/{catalog}/items/{item_id}/revisions/{revision}",
    response_model=ItemPlan,
    summary="Show the plan of a revision",
    responses=problems(401, 403, 404),
)
def show_plan(_caller: ServicePrincipal, session: SessionDep, catalog: str, item_id: str, revision: str) -> ItemPlan:
    """Show what a revision of an item was compiled to, for a worker whose DAG is of another one than the request."""
    row = session.get(ItemRevision, (catalog, item_id, revision))
    if row is None:
        raise not_found(f"'{item_id[:120]}' has no revision '{revision[:64]}'", "unknown-item")
    return ItemPlan.model_validate(row.plan)


@router.get(
    "/catalogs/{catalog}/teams",
    response_model=TeamAccounts,
    summary="Show the accounts of teams",
    responses=problems(401, 403, 404),
)
def show_teams(_caller: ServicePrincipal, session: SessionDep, catalog: str) -> TeamAccounts:
    """Show what `.pao.yaml` says of teams, as it was published last: a change of that file alone counts at once."""
    row = session.get(Catalog, catalog)
    if row is None:
        raise not_found(f"there is no catalog '{catalog[:120]}'", "unknown-catalog")
    accounts = {name: owner.get("jira_account") for name, owner in row.owners.items()}
    return TeamAccounts(jira_accounts={name: account for name, account in accounts.items() if account})


@router.post(
    "/catalogs/{catalog}/reported", response_model=CatalogNames, summary="Note that an owner was told",
    responses=problems(401, 403, 404, 422),
)  # fmt: skip
def note_report(
    _caller: ServicePrincipal,
    body: Annotated[ReportedBody, Depends(JsonBody(ReportedBody))],
    session: SessionDep,
    catalog: str,
) -> CatalogNames:
    """Keep what an owner was told, so that they are told again when it changes. An empty digest: all is well."""
    row = session.get(Catalog, catalog, with_for_update=True)
    if row is None:
        raise not_found(f"there is no catalog '{catalog[:120]}'", "unknown-catalog")
    others = {owner: digest for owner, digest in row.reported.items() if owner != (body.owner or NOBODY)}
    row.reported = {**others, **({body.owner or NOBODY: body.digest} if body.digest else {})}
    return CatalogNames(catalogs=[catalog])


def _state(session: SessionDep, state: State, catalog: str, since: int | None = None) -> CatalogState:
    state.catalogs.refresh(session)
    view = state.catalogs.view(session, catalog)
    row = session.get(Catalog, catalog, populate_existing=True) if view is not None else None
    if view is None or row is None:
        raise not_found(f"there is no catalog '{catalog[:120]}'", "unknown-catalog")
    newest = session.scalar(select(func.max(CatalogCommit.seq)).where(CatalogCommit.catalog == catalog)) or 0
    pending = sorted(view.pending)
    why = reasons(session, catalog, pending)
    return CatalogState(
        catalog=catalog,
        commit=row.commit,
        refreshed_at=row.refreshed_at,
        published_at=row.published_at,
        failure=row.failure,
        failing_since=row.failing_since,
        seq=newest,
        commits=[] if since is None else _commits(session, catalog, since),
        pending=pending,
        waiting=[WaitingItem(item_id=item_id, reason=why[item_id]) for item_id in pending],
        invalid=sorted(
            session.scalars(
                select(CatalogItem.item_id).where(
                    CatalogItem.catalog == catalog, ~CatalogItem.valid, ~CatalogItem.retired
                )
            )
        ),
        problems=row.problems,
        reports=_reports(session, row),
    )


def _commits(session: SessionDep, catalog: str, since: int) -> list[PublishedCommit]:
    rows = session.scalars(
        select(CatalogCommit)
        .where(CatalogCommit.catalog == catalog, CatalogCommit.seq > since)
        .order_by(CatalogCommit.seq.desc())
        .limit(COMMITS)
    ).all()
    return [PublishedCommit.model_validate(row, from_attributes=True) for row in reversed(rows)]


def _reports(session: SessionDep, row: Catalog) -> list[OwnerReportAnswer]:
    """An item's owner is that of its last valid revision."""
    wrong = {problem["item_id"] for problem in row.problems if problem["item_id"]}
    owners = session.execute(
        select(CatalogItem.item_id, ItemRevision.document["header"]["owner"].astext.label("owner"))
        .join(ItemRevision, IS_PUBLISHED)
        .where(CatalogItem.catalog == row.name, CatalogItem.item_id.in_(wrong))
    )
    due = due_reports(
        row.problems,
        item_owners={each.item_id: each.owner for each in owners},
        owners=row.owners,
        reported=row.reported,
    )
    return [OwnerReportAnswer.model_validate(report, from_attributes=True) for report in due]
