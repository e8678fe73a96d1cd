"""The tasks of compiled DAGs. Most start in the triggerer and end there; those that need a process run on a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import StartTriggerArgs

from pao_airflow.handing_over import FAILED
from pao_airflow.step import Step

if TYPE_CHECKING:
    # Whoever builds DAGs, or loads the plugin, has no use for what runs actions: it is imported where one runs.
    from pao_airflow.worker import WorkerRun

WORKER_RETRIES = 3
"""So often a task is started again whose worker died; an action's own failures are never retried by Airflow."""
WORKER_RETRY_DELAY = timedelta(seconds=10)
NEVER_ON_A_WORKER = (
    "this task runs in the triggerer and can't run on a worker; check that a triggerer is running and that "
    "'pao_airflow' is installed there"
)
UNDO_FAILED = "the undo failed, and is not tried again; the request tells why"


class TriggeredOperator(BaseOperator):
    """A task that its trigger runs from start to end. No template field: user values never meet Jinja."""

    template_fields: Sequence[str] = ()
    start_from_trigger = True

    def __init__(self, *, trigger: str, trigger_kwargs: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**{"retries": 0, **kwargs})
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=trigger, trigger_kwargs=trigger_kwargs, next_method="execute", next_kwargs=None, timeout=None
        )

    def execute(self, context: Any, event: Any = None) -> None:  # noqa: ARG002 - Airflow's signature
        """Only reached where Airflow failed the trigger itself."""
        raise AirflowFailException(NEVER_ON_A_WORKER)


class ActionOperator(TriggeredOperator):
    """One action of an item."""

    ui_color = "#e8f3ff"

    def __init__(self, *, step: Step, **kwargs: Any) -> None:
        super().__init__(
            trigger="pao_airflow.trigger.ActionTrigger", trigger_kwargs={"step": step.model_dump_json()}, **kwargs
        )


class WorkerActionOperator(BaseOperator):
    """One action of an item that needs a process and a disk."""

    template_fields: Sequence[str] = ()
    ui_color = "#dceaff"

    def __init__(self, *, step: Step, **kwargs: Any) -> None:
        super().__init__(retries=WORKER_RETRIES, retry_delay=WORKER_RETRY_DELAY, **kwargs)
        self.step = step.model_dump_json()
        self._hosted: WorkerRun | None = None

    def execute(self, context: Any) -> None:
        """Run the action."""
        from pao_airflow import worker

        step = Step.model_validate_json(self.step)
        self._hosted = worker.action_run(step, context, self.retries)
        worker.end_task(self._hosted.report(), tolerant=step.action.on_error == "continue")

    def on_kill(self) -> None:
        """End it early: a person ended the task, or the worker shuts down."""
        if self._hosted is not None:
            self._hosted.kill()


class UndoOperator(TriggeredOperator):
    """One place in a rollback's list.

    What it undoes is known at run time alone: its trigger hands it over to a worker where that needs one.
    """

    ui_color = "#fff0e0"

    def __init__(self, *, position: int, last: bool, workers: bool = False, **kwargs: Any) -> None:
        """Take the place, and whether the item has undos that run on workers: a worker may die, and is replaced."""
        super().__init__(
            trigger="pao_airflow.trigger.UndoTrigger",
            trigger_kwargs={"position": position, "last": last} | ({"workers": True} if workers else {}),
            **({"retries": WORKER_RETRIES, "retry_delay": WORKER_RETRY_DELAY} if workers else {}),
            **kwargs,
        )
        self.position = position
        self.last = last
        self._hosted: WorkerRun | None = None

    def execute(self, context: Any, event: Any = None) -> None:
        """Run the undo, or let the task fail, as the trigger says."""
        if event is None:
            super().execute(context)
        if event == FAILED:
            raise AirflowFailException(UNDO_FAILED)
        from pao_airflow import worker

        self._hosted = worker.undo_run(self.position, context, self.retries, and_rest=self.last)
        worker.end_task(self._hosted.report(), tolerant=False)

    def on_kill(self) -> None:
        """End it early: a person ended the task, or the worker shuts down."""
        if self._hosted is not None:
            self._hosted.kill()
