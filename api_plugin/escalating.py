"""Starts the manual fulfillment of a request whose automatic one failed: by the item's policy, or at a person's wish.

It is a run of the item's manual DAG under the request's own id, so that the request goes on as what it was. Where the
automatic one was tried again since, and failed again, the same run counts: one that has not ended goes on, with the
ticket that is open, and one that has starts anew, from its first action: people are asked once more.
"""

from __future__ import annotations

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import State
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.clearing import clear
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.exceptions import ApiProblem
from api_plugin.failure_texts import failure_of
from api_plugin.projection import escalation_key, mode_of
from api_plugin.request_info import info_of
from api_plugin.rolling_back import Found
from api_plugin.runs import DagShelf, OtherRevisionError, RunOrder, start_run
from api_plugin.store.catalog import CatalogItem
from api_plugin.store.requests import Request, RequestEscalation
from catalog_compiler.run_format import EscalationInfo, RunConf, UserInfo
from catalog_compiler.signing import signed


def start_escalation(session: Session, shelf: DagShelf, found: Found, *, actor: str) -> None:
    """Start the manual fulfillment of a request's present try; commits nothing.

    Where the item has changed since, it is that of the request's revision, as long as Airflow keeps its DAG. Raises a
    503 problem where its DAG is not ready, and `OtherRevisionError` where it is not kept.
    """
    dag, run_id = escalation_key(found.request)
    conf = _conf(found)
    before = session.scalar(select(DagRun).where(DagRun.dag_id == dag, DagRun.run_id == run_id))
    try:
        if before is None:
            order = RunOrder(
                dag_id=dag, run_id=run_id, conf=conf, actor=actor, revision=found.request.revision, of_before=True
            )
            start_run(session, shelf, order)
        elif before.state not in State.unfinished_dr_states:
            _start_anew(session, before, conf, actor)
    except ApiProblem as problem:
        if not _has_changed(session, found.request):
            raise
        # A DAG that the item has no more is waited for in vain.
        raise OtherRevisionError(f"the item has changed since, and '{dag}' is not there to run") from problem
    _note(session, found)


def note_failed_escalation(session: Session, found: Found, error: OtherRevisionError) -> None:
    """Keep why the manual fulfillment can't be started, so that the request fails instead of waiting for it."""
    _note(session, found, failure=f"{error}; order the item anew with mode 'manual'")


def _has_changed(session: Session, request: Request) -> bool:
    """Whether another revision of the item than the request's has been published."""
    item = session.get(CatalogItem, (request.catalog, request.item_id))
    return item is not None and item.published_revision != request.revision


def _start_anew(session: Session, run: DagRun, conf: RunConf, actor: str) -> None:
    run.conf = signed(conf, settings().fernet_key)
    mine = (TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
    tasks = session.scalars(select(TaskInstance.task_id).where(*mine)).all()
    clear(session, (run.dag_id, run.run_id), tasks, actor=actor)


def _conf(found: Found) -> RunConf:
    request = found.request
    error = failure_of(found.plan.fulfillment(mode_of(request)), found.run)
    return RunConf(
        request=info_of(request, "manual", UserInfo.model_validate(request.user)),
        item_id=request.item_id,
        revision=request.revision,
        fields=request.fields,
        escalation=EscalationInfo(clear_number=found.run.clear_number, error=error),
    )


def _note(session: Session, found: Found, failure: str | None = None) -> None:
    dag, run_id = escalation_key(found.request)
    session.merge(
        RequestEscalation(
            request_id=found.request.id,
            clear_number=found.run.clear_number,
            dag_id=dag,
            run_id=run_id,
            started_at=utc_now(),
            failure=failure,
        )
    )
