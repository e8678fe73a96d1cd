"""What the API shows of a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from api_plugin.configuration import settings
from api_plugin.datamodels.requests import (
    ActionAnswer,
    Progress,
    QueueAnswer,
    RequestAnswer,
    RequestLinks,
    RequestSummary,
    RollbackAnswer,
    StatusAnswer,
    TimelineEntry,
    UserAnswer,
)
from api_plugin.sla import is_overdue
from api_plugin.status_views import RollbackStatus
from api_plugin.store.requests import Request, RequestEvent, RequestRollback
from catalog_compiler.sealing import masked

_DONE = {"completed", "skipped", "failed", "cancelled", "outcome_unknown", "rolled_back", "rollback_failed"}
_AT_WORK = {"running", "waiting", "retrying"}


def answer(
    request: Request,
    events: Iterable[RequestEvent],
    rollback: RequestRollback | None,
    queue: QueueAnswer | None = None,
) -> RequestAnswer:
    """A request in full."""
    actions = request.state["actions"]
    return RequestAnswer(
        id=request.id,
        item_id=request.item_id,
        item_version=request.item_version,
        revision=request.revision,
        catalog=request.catalog,
        status=request.status,
        mode=request.mode,
        fields=masked(request.fields),
        comment=request.comment,
        user=_user(request),
        timeline=[
            TimelineEntry(status=event.data["status"], at=event.at, by=event.data.get("by"))
            for event in events
            if event.type == "status"
        ],
        actions=[ActionAnswer.model_validate({"mode": request.mode, **action}) for action in actions],
        outputs={action["name"]: action["outputs"] for action in actions if action["outputs"]},
        warnings=request.state["warnings"],
        error=request.state["error"],
        rollback=_rollback(request, rollback),
        queue=queue,
        parent_id=request.parent_id,
        expected_at=request.expected_at,
        overdue=is_overdue(request),
        airflow_url=f"{_base()}/dags/{quote(request.dag_id)}/runs/{quote(request.run_id)}",
        links=_links(request),
    )


def summary(request: Request) -> RequestSummary:
    """A request in a list."""
    return RequestSummary(
        id=request.id,
        item_id=request.item_id,
        item_version=request.item_version,
        catalog=request.catalog,
        status=request.status,
        mode=request.mode,
        user=_user(request),
        created_at=request.created_at,
        updated_at=request.updated_at,
        ended_at=request.ended_at,
        expected_at=request.expected_at,
        overdue=is_overdue(request),
        error=request.state["error"],
        links=_links(request),
    )


def status_answer(request: Request, queue: QueueAnswer | None) -> StatusAnswer:
    """A request's status."""
    actions: Sequence[dict[str, Any]] = request.state["actions"]
    done = sum(action["status"] in _DONE for action in actions)
    return StatusAnswer(
        id=request.id,
        status=request.status,
        progress=Progress(done=done, total=len(actions), percent=100 * done // max(len(actions), 1)),
        current_action=next((action["name"] for action in actions if action["status"] in _AT_WORK), None),
        queue=queue,
        updated_at=request.updated_at,
        error=request.state["error"],
    )


def _user(request: Request) -> UserAnswer:
    user = request.user
    return UserAnswer(email=user["email"], name=user["name"], organization=user.get("organization"))


def _rollback(request: Request, rollback: RequestRollback | None) -> RollbackAnswer | None:
    status = _rollback_status(request)
    if rollback is None or status is None:
        return None
    return RollbackAnswer(
        status=status,
        started_at=rollback.started_at,
        actions=list(rollback.actions),
    )


def _rollback_status(request: Request) -> RollbackStatus | None:
    """Of the rollback of its present try; as its own status was before it was kept beside that."""
    old = request.status if request.status in {"rolling_back", "rolled_back", "rollback_failed"} else None
    status: RollbackStatus | None = request.state.get("rollback", old)
    return status


def _links(request: Request) -> RequestLinks:
    base = _base()
    here = f"{base}/api/v1/requests/{request.id}"
    socket = base.replace("http", "ws", 1)
    return RequestLinks(
        self=here,
        status=f"{here}/status",
        logs=f"{here}/logs",
        events=f"{socket}/ws/requests/{request.id}/status",
    )


def _base() -> str:
    return settings().base_url.rstrip("/")
