"""The tasks of compiled DAGs. They start in the triggerer and end there; no worker sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import StartTriggerArgs

from pao_airflow.step import Step

NEVER_ON_A_WORKER = (
    "this task runs in the triggerer and can't run on a worker; check that a triggerer is running and that "
    "'pao_airflow' is installed there"
)


class TriggeredOperator(BaseOperator):
    """A task that its trigger runs from start to end. No template field: user values never meet Jinja."""

    template_fields: Sequence[str] = ()
    start_from_trigger = True

    def __init__(self, *, trigger: str, trigger_kwargs: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(retries=0, **kwargs)
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=trigger, trigger_kwargs=trigger_kwargs, next_method="execute", next_kwargs=None, timeout=None
        )

    def execute(self, context: Any) -> NoReturn:  # noqa: ARG002 - Airflow's signature
        """Only reached where Airflow failed the trigger itself."""
        raise AirflowFailException(NEVER_ON_A_WORKER)


class ActionOperator(TriggeredOperator):
    """One action of an item."""

    ui_color = "#e8f3ff"

    def __init__(self, *, step: Step, **kwargs: Any) -> None:
        super().__init__(
            trigger="pao_airflow.trigger.ActionTrigger", trigger_kwargs={"step": step.model_dump_json()}, **kwargs
        )


class UndoOperator(TriggeredOperator):
    """One place in a rollback's list."""

    ui_color = "#fff0e0"

    def __init__(self, *, position: int, last: bool, **kwargs: Any) -> None:
        super().__init__(
            trigger="pao_airflow.trigger.UndoTrigger", trigger_kwargs={"position": position, "last": last}, **kwargs
        )
