"""When each operation on a request may be done: one verdict for each of a request's statuses. Pure.

Every operation asks here first, under the lock of the request's row. What else it needs (something to undo, a manual
way) it looks at itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from api_plugin.exceptions import conflict
from api_plugin.status_views import RequestStatus

Operation = Literal["cancel", "retry", "rollback", "escalate"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """The operation may be done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlreadySo:
    """What the operation asks for is under way: it is answered like the first one, and nothing more is done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The operation can't be done now."""

    code: str
    """Stable; that of the 409 problem."""
    detail: str
    """What is, and what to do."""


Verdict = Allowed | AlreadySo | Refused


def verdict(operation: Operation, status: RequestStatus) -> Verdict:
    """Whether the operation may be done with a request of that status."""
    return _TABLE[operation][status]


def require(operation: Operation, status: RequestStatus) -> bool:
    """Whether there is something to do; False where it is under way already, and a 409 problem where it is refused."""
    match verdict(operation, status):
        case Refused(code=code, detail=detail):
            raise conflict(code, detail, request_status=status)
        case AlreadySo():
            return False
        case Allowed():
            return True


def _refused(status: RequestStatus, detail: str) -> Refused:
    return Refused(code=f"request-{status.replace('_', '-')}", detail=detail)


def _not_begun(detail: str) -> dict[RequestStatus, Verdict]:
    """The same refusal for what has not begun: to a caller all of it is a queued request."""
    refused = _refused("queued", detail)
    return {"submitted": refused, "validated": refused, "queued": refused}


_ALLOWED = Allowed()

_CANCEL: dict[RequestStatus, Verdict] = {
    "submitted": _ALLOWED,
    "validated": _ALLOWED,
    "queued": _ALLOWED,
    "in_progress": _ALLOWED,
    "completed": _refused("completed", "the request has completed; to undo what it did, roll it back"),
    "failed": _refused("failed", "the request has failed, so nothing of it runs; retry it, or roll it back"),
    "cancelling": AlreadySo(),
    "cancelled": _refused("cancelled", "the request was cancelled before; there is nothing left to cancel"),
    "rolling_back": _refused("rolling_back", "the request is being rolled back; wait until that has ended"),
    "rolled_back": _refused("rolled_back", "the request was rolled back; there is nothing left to cancel"),
    "rollback_failed": _refused(
        "rollback_failed", "the request has ended, and not all of it could be undone; roll it back again"
    ),
}

_RETRY: dict[RequestStatus, Verdict] = {
    **_not_begun("the request is queued and starts by itself; wait for it, or cancel it"),
    "in_progress": _refused("in_progress", "the request is in progress; wait until it has ended, or cancel it first"),
    "completed": _refused("completed", "the request has completed; order the item again to have another one"),
    "failed": _ALLOWED,
    "cancelling": _refused("cancelling", "the request is being cancelled; wait until that has ended, then retry it"),
    "cancelled": _ALLOWED,
    "rolling_back": _refused("rolling_back", "the request is being rolled back; wait until that has ended, then retry"),
    "rolled_back": _ALLOWED,
    "rollback_failed": _ALLOWED,
}

_ROLLBACK: dict[RequestStatus, Verdict] = {
    **_not_begun("the request has not begun, so there is nothing to undo; cancel it to keep it from starting"),
    "in_progress": _refused("in_progress", "the request is in progress; cancel it, which undoes what was done"),
    "completed": _ALLOWED,
    "failed": _ALLOWED,
    "cancelling": _refused("cancelling", "the request is being cancelled; wait until that has ended"),
    "cancelled": _ALLOWED,
    "rolling_back": _refused("rolling_back", "the request is being rolled back already; wait until that has ended"),
    "rolled_back": _refused("rolled_back", "the request was rolled back; there is nothing left to undo"),
    "rollback_failed": _ALLOWED,
}

_ESCALATE: dict[RequestStatus, Verdict] = {
    **_not_begun("the request is queued and starts by itself; only a failed request can be escalated"),
    "in_progress": _refused("in_progress", "the request is in progress; only a failed request can be escalated"),
    "completed": _refused("completed", "the request has completed; only a failed request can be escalated"),
    "failed": _ALLOWED,
    "cancelling": _refused("cancelling", "the request is being cancelled; only a failed request can be escalated"),
    "cancelled": _refused("cancelled", "the request was cancelled; order it anew with mode 'manual'"),
    "rolling_back": _refused("rolling_back", "the request is being rolled back; order it anew with mode 'manual'"),
    "rolled_back": _refused("rolled_back", "the request was rolled back; order it anew with mode 'manual'"),
    "rollback_failed": _refused(
        "rollback_failed", "not all of the request could be undone; roll it back again, then order the item anew"
    ),
}

_TABLE: Mapping[Operation, Mapping[RequestStatus, Verdict]] = {
    "cancel": _CANCEL,
    "retry": _RETRY,
    "rollback": _ROLLBACK,
    "escalate": _ESCALATE,
}
