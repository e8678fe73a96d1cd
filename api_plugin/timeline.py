"""The steps of a request's timeline: which status may follow which, and what passed between two looks. Pure.

Whoever looks sees the present alone. What must have happened in between is told as well, so that a timeline lacks no
step and never goes back but by what a person did.
"""

from __future__ import annotations

from collections.abc import Mapping

from api_plugin.status_views import RequestStatus

FOLLOWS: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    "submitted": frozenset({"validated"}),
    "validated": frozenset({"queued"}),
    # Without having begun, a run ends as a person marks it; one that was cleared may have something to undo.
    "queued": frozenset({"in_progress", "cancelling", "failed", "completed", "rolling_back"}),
    "in_progress": frozenset({"completed", "failed", "cancelling", "rolling_back", "queued"}),
    "completed": frozenset({"queued", "failed", "rolling_back"}),
    # By its manual fulfillment it goes on at once.
    "failed": frozenset({"queued", "in_progress", "completed", "rolling_back"}),
    "cancelling": frozenset({"cancelled", "queued", "completed"}),
    "cancelled": frozenset({"queued", "completed", "cancelling", "rolling_back"}),
    "rolling_back": frozenset({"rolled_back", "rollback_failed", "queued", "failed", "completed"}),
    "rolled_back": frozenset({"queued", "rolling_back"}),
    "rollback_failed": frozenset({"queued", "rolling_back"}),
}
"""What may come right after each status. Back to `queued` only a person leads: by a retry, or a clear in Airflow."""

_FIRST: tuple[RequestStatus, ...] = ("submitted", "validated", "queued")
_BEFORE: Mapping[RequestStatus, RequestStatus] = {
    "rolled_back": "rolling_back",
    "rollback_failed": "rolling_back",
    "cancelled": "cancelling",
}
"""Without which these are never reached."""


def steps(
    before: RequestStatus, after: RequestStatus, *, again: bool, new_try: bool, begun: bool
) -> tuple[RequestStatus, ...]:
    """The statuses that a request went through since it was `before`, the last one `after`; none where nothing changed.

    `new_try`: its run was cleared meanwhile; `again`: its rollback was; `begun`: the run has started in this try.
    """
    now, path = before, list[RequestStatus]()

    def go(status: RequestStatus) -> None:
        nonlocal now
        now = status
        path.append(status)

    for status in _FIRST[_FIRST.index(now) + 1 :] if now in _FIRST else ():
        if now != after:
            go(status)
    restarted = new_try and now not in {"queued", "in_progress"}
    if now == after and not restarted and not again:
        return tuple(path)
    target = _BEFORE.get(after, after)
    passed = again and now == after
    if restarted or not (passed or now == target or target in FOLLOWS[now]):
        go("queued")
    if now == "queued" and begun and after not in {"queued", "in_progress"}:
        go("in_progress")
    if now != target:
        go(target)
    if target != after:
        go(after)
    return tuple(path)
