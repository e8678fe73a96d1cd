"""An action's outputs as it gave them, secret ones in clear: for the requester alone, and each look is audited."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api_plugin.airflow_state import read_runs
from api_plugin.clock import utc_now
from api_plugin.configuration import sealer
from api_plugin.correlation import correlation_id
from api_plugin.exceptions import ApiProblem, conflict, not_found
from api_plugin.principals import Principal
from api_plugin.projection import escalation_key, run_key
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request
from catalog_compiler.run_format import ActionReport, action_task_id
from catalog_compiler.sealing import Outputs, SealError


def clear_outputs(session: Session, request: Request, action: str) -> Outputs:
    """The outputs of an action of the request; raises a 404 problem where it has no such action, or none any more."""
    shown = {entry["name"]: entry["outputs"] for entry in request.state["actions"]}
    if action not in shown:
        names = ", ".join(shown)
        raise not_found(f"request '{request.id}' has no action '{action[:100]}'; it has: {names}", "unknown-action")
    report = _report(session, request, action)
    if report is None:
        if not shown[action] or action in _at_work(request):
            # What is shown of an action that has not ended is never secret.
            return dict(shown[action])
        raise not_found(
            f"Airflow no longer keeps what '{action}' of request '{request.id}' gave; the request shows what is left",
            "outputs-gone",
        )
    try:
        return sealer().open_outputs(report.outputs)
    except SealError as error:
        raise conflict("key-is-gone", f"{error}; a platform operator can do that") from None


def audit_look(session: Session, caller: Principal, request: Request, action: str, outputs: Outputs | None) -> None:
    """Record that somebody saw an action's outputs in clear, or (without outputs) that they were refused."""
    session.add(
        Audit(
            at=utc_now(),
            actor=caller.id,
            action="request.outputs",
            target=str(request.id),
            outcome="refused" if outputs is None else "shown",
            address=caller.address,
            correlation_id=correlation_id(),
            detail={"action": action, "outputs": sorted(outputs or {})},
        )
    )


def of_somebody_else(request_id: object) -> ApiProblem:
    """404: only who asked for it gets its outputs in clear."""
    return not_found(f"there is no request '{str(request_id)[:40]}' of yours", "unknown-request")


def _at_work(request: Request) -> frozenset[str]:
    return frozenset(
        entry["name"] for entry in request.state["actions"] if entry["status"] in {"running", "waiting", "retrying"}
    )


def _report(session: Session, request: Request, action: str) -> ActionReport | None:
    """The newest that the action left: a request whose manual way was started later has runs of two DAGs."""
    manual = escalation_key(request)
    tasks = [run.tasks.get(action_task_id(action)) for run in read_runs(session, {run_key(request), manual}).values()]
    reports = [task.report for task in tasks if task is not None and task.report is not None]
    return max(reports, key=lambda report: report.ended_at, default=None)
