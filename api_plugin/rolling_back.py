"""Starts rollbacks: by an item's policy (`settling`), or because a person asks (`operations`).

A rollback is a run of the item's rollback DAG, and belongs to one try of the request. One that failed goes on in the
same run: only what was not undone is cleared there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.state import TaskInstanceState
from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey, read_runs
from api_plugin.cancellation import Cancellation, cancellation_of
from api_plugin.clearing import clear
from api_plugin.clock import utc_now
from api_plugin.projection import (
    escalation_key,
    escalation_of,
    mode_of,
    plans_of,
    rollback_key,
    rollback_of,
    run_key,
    undone_actions,
)
from api_plugin.request_info import info_of
from api_plugin.run_record import kept_actions
from api_plugin.runs import DagShelf, RunOrder, start_run
from api_plugin.status_views import RunView
from api_plugin.store.requests import Request, RequestEscalation, RequestRollback
from api_plugin.undoing import ToUndo, WayRun, undo_list
from catalog_compiler.plan import ItemPlan, Mode
from catalog_compiler.run_format import REVOKED_KEY, RollbackInfo, RunConf, UndoStep, UserInfo, undo_task_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A request as Airflow has it, with what was started for its present try."""

    request: Request
    plan: ItemPlan
    run: RunView
    escalation: RequestEscalation | None
    escalation_run: RunView | None
    rollback: RequestRollback | None
    rollback_run: RunView | None

    @property
    def cancellation(self) -> Cancellation | None:
        """That of its present try."""
        return cancellation_of(self.request, self.run.clear_number)

    @property
    def runs(self) -> Mapping[Mode, RunView]:
        """The runs of the ways of the present try."""
        manual: dict[Mode, RunView] = {} if self.escalation_run is None else {"manual": self.escalation_run}
        return {mode_of(self.request): self.run, **manual}

    @property
    def ways(self) -> Sequence[WayRun]:
        """The ways of the present try, in the order in which they were started."""
        mode = mode_of(self.request)
        ways = [WayRun(mode=mode, way=self.plan.fulfillment(mode), tasks=self.run.tasks)]
        if self.escalation_run is not None:
            ways.append(WayRun(mode="manual", way=self.plan.manual, tasks=self.escalation_run.tasks))
        return ways


def find(session: Session, request: Request) -> Found | None:
    """Look at everything of a request; None where its run or its item's revision is gone."""
    escalation = escalation_of(session, [request]).get(request.id)
    rollback = rollback_of(session, [request]).get(request.id)
    rows = [row for row in (escalation, rollback) if row is not None]
    runs = read_runs(session, [run_key(request), *((row.dag_id, row.run_id) for row in rows)])
    run = runs.get(run_key(request))
    plan = plans_of(session, [request]).get((request.catalog, request.item_id, request.revision))
    if run is None or plan is None:
        return None
    if escalation is not None and escalation.clear_number != run.clear_number:
        escalation = None
    if rollback is not None and rollback.clear_number != run.clear_number:
        rollback = None
    return Found(
        request=request,
        plan=plan,
        run=run,
        escalation=escalation,
        escalation_run=_run_of(runs, escalation),
        rollback=rollback,
        rollback_run=_run_of(runs, rollback),
    )


def start_rollback(session: Session, shelf: DagShelf, found: Found, *, actor: str) -> tuple[str, ...]:
    """Undo what the request's present try did: the names of the actions, newest first; none, where it did nothing.

    Commits nothing. Raises a 503 problem where the DAG is not ready.
    """
    steps, undone = undo_list(found.ways), _undone(found)
    left = [step for step in steps if (step.mode, step.action.name) not in undone]
    if not left:
        return ()
    request = found.request
    dag, run_id = rollback_key(request, found.run.clear_number)
    if found.rollback_run is not None:
        # What Airflow still has of the run whose place this one takes.
        session.execute(delete(DagRun).where(DagRun.dag_id == dag, DagRun.run_id == run_id))
    start_run(session, shelf, RunOrder(dag_id=dag, run_id=run_id, conf=_conf(found, steps), actor=actor))
    _skip_unused_places(session, dag, run_id, used=len(steps))
    done = undone | _undone_before(session, found)
    _pass_over(
        session, dag, run_id,
        [undo_task_id(n) for n, step in enumerate(steps, start=1) if (step.mode, step.action.name) in done],
    )  # fmt: skip
    _revoke(session, request)
    # One whose run is gone from Airflow is started anew under the same number.
    session.merge(
        RequestRollback(
            request_id=request.id,
            clear_number=found.run.clear_number,
            dag_id=dag,
            run_id=run_id,
            actions=[step.action.name for step in steps],
            modes=[step.mode for step in steps],
            started_at=utc_now(),
        )
    )
    return tuple(step.action.name for step in left)


def undo_the_rest(session: Session, rollback: RequestRollback, *, actor: str) -> tuple[str, ...]:
    """Try again what a rollback that failed did not undo: the names of those actions. Commits nothing."""
    places = {undo_task_id(position): name for position, name in enumerate(rollback.actions, start=1)}
    left = set(
        session.scalars(
            select(TaskInstance.task_id).where(
                TaskInstance.dag_id == rollback.dag_id,
                TaskInstance.run_id == rollback.run_id,
                TaskInstance.task_id.in_(places),
                TaskInstance.state.is_distinct_from(TaskInstanceState.SUCCESS),
            )
        )
    )
    if not left:
        return ()
    clear(session, (rollback.dag_id, rollback.run_id), sorted(left), actor=actor)
    rollback.started_at = utc_now()
    return tuple(name for place, name in places.items() if place in left)


def _undone(found: Found) -> AbstractSet[tuple[Mode, str]]:
    """What an earlier rollback of this try undid, by the snapshot of its run."""
    return _undone_by(found.request, found.rollback, found.rollback_run)


def _undone_before(session: Session, found: Found) -> AbstractSet[tuple[Mode, str]]:
    """What rollbacks of earlier tries undid: it stays undone, since no action of the request has run again since."""
    earlier = session.scalars(
        select(RequestRollback).where(
            RequestRollback.request_id == found.request.id, RequestRollback.clear_number < found.run.clear_number
        )
    ).all()
    runs = read_runs(session, [(row.dag_id, row.run_id) for row in earlier])
    return frozenset(
        action for row in earlier for action in _undone_by(found.request, row, runs.get((row.dag_id, row.run_id)))
    )


def _undone_by(
    request: Request, rollback: RequestRollback | None, run: RunView | None
) -> AbstractSet[tuple[Mode, str]]:
    if rollback is None or run is None:
        return frozenset()
    states = {place: task.state for place, task in run.tasks.items()}
    return frozenset(
        action
        for position, action in enumerate(undone_actions(request, rollback), start=1)
        if states.get(undo_task_id(position)) == "success"
    )


def _run_of(runs: Mapping[RunKey, RunView], row: RequestEscalation | RequestRollback | None) -> RunView | None:
    return None if row is None else runs.get((row.dag_id, row.run_id))


def _conf(found: Found, steps: Sequence[ToUndo]) -> RunConf:
    request, plan = found.request, found.plan
    return RunConf(
        request=info_of(request, mode_of(request), UserInfo.model_validate(request.user)),
        item_id=request.item_id,
        revision=request.revision,
        fields=request.fields,
        rollback=RollbackInfo(
            clear_number=found.run.clear_number,
            header=plan.header,
            field_types={field.id: field.type for field in plan.fields},
            steps=tuple(
                UndoStep(
                    action=step.action.name,
                    mode=step.mode,
                    type=step.action.type,
                    try_number=step.try_number,
                    undo=step.action.rollback,
                )
                for step in steps
                if step.action.rollback is not None
            ),
            kept={mode: kept_actions(run) for mode, run in found.runs.items() if run.kept},
        ),
    )


def _skip_unused_places(session: Session, dag_id: str, run_id: str, *, used: int) -> None:
    """A rollback DAG has a place for every action that can be undone; those not needed now end at once."""
    needed = [undo_task_id(position) for position in range(1, used + 1)]
    session.execute(
        update(TaskInstance)
        .where(TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id, TaskInstance.task_id.not_in(needed))
        .values(state=TaskInstanceState.SKIPPED)
        .execution_options(synchronize_session=False)
    )


def _pass_over(session: Session, dag_id: str, run_id: str, places: Sequence[str]) -> None:
    """What an earlier rollback undid is not undone again."""
    session.execute(
        update(TaskInstance)
        .where(TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id, TaskInstance.task_id.in_(places))
        .values(state=TaskInstanceState.SUCCESS)
        .execution_options(synchronize_session=False)
    )


def _revoke(session: Session, request: Request) -> None:
    """Keep the request's actions from running again: what they made is being undone."""
    keys = [run_key(request), escalation_key(request)]
    # A first try is not asked whether it may act; what has not begun by now has none left.
    session.execute(
        update(TaskInstance)
        .where(tuple_(TaskInstance.dag_id, TaskInstance.run_id).in_(keys), TaskInstance.try_number == 0)
        .values(try_number=1)
        .execution_options(synchronize_session=False)
    )
    tasks = session.execute(
        select(TaskInstance.dag_id, TaskInstance.run_id, TaskInstance.task_id)
        .where(tuple_(TaskInstance.dag_id, TaskInstance.run_id).in_(keys))
    ).all()  # fmt: skip
    for task in tasks:
        XComModel.set(
            key=REVOKED_KEY,
            value=True,
            task_id=task.task_id,
            dag_id=task.dag_id,
            run_id=task.run_id,
            session=session,
        )
