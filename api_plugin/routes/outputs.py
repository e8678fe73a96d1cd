"""`/requests/{id}/outputs/{action}`: what an action gave, secret values in clear."""

from __future__ import annotations

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Response

from api_plugin.clear_outputs import audit_look, clear_outputs, of_somebody_else
from api_plugin.datamodels.requests import OutputsAnswer
from api_plugin.documentation import problems
from api_plugin.principals import RequestReader
from api_plugin.routes.requests import visible_request

router = APIRouter(prefix="/requests", tags=["requests"])


@router.get(
    "/{request_id}/outputs/{action}",
    response_model=OutputsAnswer,
    summary="Show an action's outputs in clear",
    responses=problems(401, 403, 404, 409),
)
def show_outputs(
    response: Response, caller: RequestReader, session: SessionDep, request_id: str, action: str
) -> OutputsAnswer:
    """Show what an action gave, passwords and other secret values in clear: to the requester alone.

    For everyone else, operators too, there is no such request. Each look is written to the audit trail, with who looked
    and at which outputs; never with their values.
    """
    request = visible_request(session, caller, request_id)
    if request.user_id != caller.id:
        audit_look(session, caller, request, action, None)
        session.commit()
        raise of_somebody_else(request_id)
    outputs = clear_outputs(session, request, action)
    audit_look(session, caller, request, action, outputs)
    # Nothing secret leaves before it is on record.
    session.commit()
    response.headers["Cache-Control"] = "no-store"
    return OutputsAnswer(request_id=request.id, action=action, outputs=outputs)
