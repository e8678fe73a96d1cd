"""`/metrics`: what Prometheus scrapes."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Header, Response

from api_plugin.answer_examples.health import METRICS
from api_plugin.documentation import problems
from api_plugin.principals import OperationsReader
from api_plugin.state import State

router = APIRouter(tags=["administration"])

_TEXT = {"schema": {"type": "string"}, "example": METRICS}


@router.get("/metrics", response_class=Response, summary="Show metrics",
            responses={200: {"description": "The metrics.",
                             "content": {"text/plain": _TEXT,
                                         "application/openmetrics-text": {**_TEXT, "example": f"{METRICS}# EOF\n"}}},
                       **problems(401, 403, 503)})  # fmt: skip
def show_metrics(
    _caller: OperationsReader,
    session: SessionDep,
    state: State,
    accept: Annotated[str, Header(description="`application/openmetrics-text` for OpenMetrics.")] = "",
) -> Response:
    """Show how many requests, actions and items there are in which state, and how catalogs and targets are.

    Prometheus text, or OpenMetrics where `Accept` asks for it. Read anew at most every 5 seconds. Give Prometheus an
    API key of the role `PAO Monitoring`.
    """
    body, content_type = state.metrics.exposition(session, accept)
    return Response(body, media_type=content_type)
