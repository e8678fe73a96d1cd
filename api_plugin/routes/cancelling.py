"""`DELETE /requests/{id}`: cancelling."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Query

from api_plugin.datamodels.requests import RequestAnswer
from api_plugin.documentation import problems
from api_plugin.exceptions import not_allowed
from api_plugin.operations.cancel import cancel
from api_plugin.permissions import Permission
from api_plugin.principals import RequestCanceller
from api_plugin.projection import rollback_of
from api_plugin.request_answers import answer
from api_plugin.routes.requests import events_of, visible_request
from api_plugin.state import State

router = APIRouter(prefix="/requests", tags=["requests"])

Undo = Annotated[
    bool | None,
    Query(description="Whether what was done is undone; by default it is, unless the item's `on_failure` is `hold`."),
]


@router.delete(
    "/{request_id}", status_code=202, response_model=RequestAnswer, summary="Cancel a request",
    responses=problems(401, 403, 404, 409, 503),
)  # fmt: skip
def cancel_request(
    caller: RequestCanceller, session: SessionDep, state: State, request_id: str, rollback: Undo = None
) -> RequestAnswer:
    """Stop what has not ended, and undo what was done. Again while it is being cancelled, this changes nothing.

    One may cancel one's own requests, an operator all. What an action began outside is stopped there, as far as its
    type can; a request ends `cancelled` once that is over and everything is undone, with what is left named in `error`.
    """
    request = visible_request(session, caller, request_id)
    if request.user_id != caller.id and not caller.may(Permission.REQUEST_CANCEL_ALL):
        raise not_allowed("only who made a request, and operators, may cancel it; ask one of them")
    request = cancel(session, state.dags, request.id, caller, undo=rollback)
    return answer(request, events_of(session, request), rollback_of(session, [request]).get(request.id))
