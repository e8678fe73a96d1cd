"""`/requests/{id}/retry`, `/rollback`, `/escalate`: what persons do with a request that exists."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from airflow.utils.session import create_session
from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from api_plugin.bodies import OptionalJsonBody
from api_plugin.datamodels.operations import RetryBody
from api_plugin.datamodels.requests import RequestAnswer
from api_plugin.documentation import problems
from api_plugin.exceptions import unavailable
from api_plugin.idempotency import Idempotent, IdempotentCall, Reply, once
from api_plugin.operations.acting import locked
from api_plugin.operations.escalate import escalate
from api_plugin.operations.retry import retry
from api_plugin.operations.rollback import roll_back
from api_plugin.principals import Principal, RequestOperator
from api_plugin.projection import bring_up_to_date, rollback_of
from api_plugin.request_answers import answer
from api_plugin.routes.requests import PAUSES, events_of, visible_request
from api_plugin.runs import OtherRevisionError
from api_plugin.state import ApiState, State
from api_plugin.store.requests import Request

router = APIRouter(prefix="/requests", tags=["requests"])

Corrections = Annotated[RetryBody, Depends(OptionalJsonBody(RetryBody))]
Operate = Callable[[Session, Request], Request]
"""Does it to a locked request, and gives the request that goes on."""


@router.post(
    "/{request_id}/retry", status_code=202, response_model=RequestAnswer, summary="Retry a request",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
)  # fmt: skip
def retry_request(
    caller: RequestOperator, body: Corrections, state: State, call: Idempotent, request_id: str
) -> Response:
    """Try a request again.

    A failed one goes on at the action that failed, at the revision of the item that it was made for; the outputs of
    the actions that completed stay. One that was rolled back, or cancelled, is tried anew: a new request, linked to it
    by `parent_id` and with its values, secret ones too, is checked by the present rules of the form and started. So is
    any with `fields`, which hold what changes. `Location` leads to the request that goes on.

    409 with a `code` of its own where there is nothing to retry, or where it was retried already.
    """
    return _operate(
        state, caller, call, request_id, lambda session, request: retry(session, state, request, caller, body.fields)
    )


@router.post(
    "/{request_id}/rollback", status_code=202, response_model=RequestAnswer, summary="Roll a request back",
    responses=problems(400, 401, 403, 404, 409, 413, 503),
)  # fmt: skip
def roll_back_request(caller: RequestOperator, state: State, call: Idempotent, request_id: str) -> Response:
    """Undo what a request did, newest first: one that completed, failed, or was cancelled and left as it was.

    Where a rollback failed before, what it left standing is tried again, and nothing else. 409 where there is nothing
    to undo.
    """

    def operate(session: Session, request: Request) -> Request:
        roll_back(session, state.dags, request, caller)
        return request

    return _operate(state, caller, call, request_id, operate)


@router.post(
    "/{request_id}/escalate", status_code=202, response_model=RequestAnswer, summary="Hand a request over to people",
    responses=problems(400, 401, 403, 404, 409, 413, 503),
)  # fmt: skip
def escalate_request(caller: RequestOperator, state: State, call: Idempotent, request_id: str) -> Response:
    """Run the item's manual fulfillment for a failed request, which goes on under its own id.

    The tickets that it makes tell the error and lead back to the request. Its `actions` are those of both ways, each
    with its `mode`.
    """

    def operate(session: Session, request: Request) -> Request:
        escalate(session, state.dags, request, caller)
        return request

    return _operate(state, caller, call, request_id, operate)


def _operate(state: ApiState, caller: Principal, call: IdempotentCall, request_id: str, operate: Operate) -> Response:
    """Do it in one transaction; where the item's DAG is ahead of what is served here, look at the catalog again."""
    for pause in PAUSES:
        try:
            return _once(caller, call, request_id, operate)
        except OtherRevisionError:
            time.sleep(pause)
            with create_session(scoped=False) as session:
                state.catalogs.refresh(session)
    try:
        return _once(caller, call, request_id, operate)
    except OtherRevisionError:
        raise unavailable("the item is changing to a new revision; try again in a moment") from None


def _once(caller: Principal, call: IdempotentCall, request_id: str, operate: Operate) -> Response:
    with create_session(scoped=False) as session:

        def make() -> Reply:
            request = locked(session, caller, visible_request(session, caller, request_id).id)
            goes_on = operate(session, request)
            session.flush()
            shown = bring_up_to_date(session, [goes_on.id])[0]
            said = answer(shown, events_of(session, shown), rollback_of(session, [shown]).get(shown.id))
            return Reply.of(said, location=said.links.self)

        reply = once(session, caller, call, make)
        session.commit()
    return reply.response()
