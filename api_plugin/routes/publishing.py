"""`/catalog/validation`, `/commits` and `/refresh`: what was published, what is wrong with it, and looking again.

The paths stand beside the categories, whose operation takes any word: this router must be included before it.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Request, Response

from api_plugin.catalog_answers import CatalogName, Limit, catalog_view, unchanged, unknown_item
from api_plugin.catalog_report import catalog_validation, item_validation
from api_plugin.clock import utc_now
from api_plugin.commit_history import commit_page
from api_plugin.correlation import correlation_id
from api_plugin.datamodels.publishing import CatalogValidation, CommitPage, ItemValidation, RefreshAnswer
from api_plugin.documentation import problems
from api_plugin.idempotency import Idempotent, Reply, once
from api_plugin.principals import CatalogReader, CatalogRefresher
from api_plugin.refreshing import start_sync
from api_plugin.state import State
from api_plugin.store.access import Audit

router = APIRouter(prefix="/catalog", tags=["catalog"])


@router.get(
    "/validation",
    response_model=CatalogValidation,
    summary="Show what is wrong in the catalog",
    responses=problems(401, 403, 404),
)
def show_validation(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State,
    catalog: CatalogName = None,
) -> Any:  # fmt: skip
    """Show all problems of the published commit, as `pao validate --format json` gives them.

    Those of an item are shown to who may see it, by its last valid revision; those of one that never was valid, to
    operators alone. An item whose file is invalid stays available at the `served_revision` that `invalid` names.
    """
    view = catalog_view(state, session, catalog)
    if (same := unchanged(request, response, view, caller)) is not None:
        return same
    return catalog_validation(session, view.name, caller)


@router.get(
    "/validation/{item_id}",
    response_model=ItemValidation,
    summary="Show what is wrong with an item",
    responses=problems(401, 403, 404),
)
def show_item_validation(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State, item_id: str,
    catalog: CatalogName = None,
) -> Any:  # fmt: skip
    """Show the problems of one item's file in the published commit; where it is invalid, with what is served."""
    view = catalog_view(state, session, catalog)
    answer = item_validation(session, view.name, item_id, caller)
    if answer is None:
        raise unknown_item(view.name, item_id)
    if (same := unchanged(request, response, view, caller)) is not None:
        return same
    return answer


@router.get(
    "/commits", response_model=CommitPage, summary="List the published commits", responses=problems(401, 403, 404, 422)
)
def list_commits(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State,
    catalog: CatalogName = None, limit: Limit = 50, cursor: str | None = None,
) -> Any:  # fmt: skip
    """List what was published, the newest first, with the items that each commit changed.

    Items that the caller may not see are left out, and so is the message of a commit that changed one.
    """
    view = catalog_view(state, session, catalog)
    if (same := unchanged(request, response, view, caller)) is not None:
        return same
    return commit_page(session, view.name, caller, limit, cursor)


@router.post(
    "/refresh",
    status_code=202,
    response_model=RefreshAnswer,
    summary="Look at the repository now",
    responses=problems(400, 401, 403, 404, 409, 413, 503),
)
def refresh_now(
    caller: CatalogRefresher, call: Idempotent, session: SessionDep, state: State, catalog: CatalogName = None
) -> Response:
    """Have the catalog brought up to date at once, and a run of `catalog_sync` queued that shows how it goes.

    Calling again while that run is queued changes nothing, and answers the same run.
    """

    def make() -> Reply:
        view = catalog_view(state, session, catalog)
        run_id = start_sync(session, state.dags, view.name, caller.id)
        session.add(
            Audit(
                at=utc_now(),
                actor=caller.id,
                action="catalog.refresh",
                target=view.name,
                outcome="accepted",
                address=caller.address,
                correlation_id=correlation_id(),
                detail={"commit_before": view.commit, "sync_run_id": run_id},
            )
        )
        return Reply.of(RefreshAnswer(commit_before=view.commit, sync_run_id=run_id))

    reply = once(session, caller, call, make)
    session.commit()
    return reply.response()
