"""The plan: what an item becomes, ready to run, as JSON.

Made from a valid item by `plan_item`, stored beside the DAG stub, read by `catalog_compiler.airflow`. Its format is
versioned, so that runs of older commits still find their plan readable after an upgrade.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

FORMAT: Literal[1] = 1

Mode = Literal["automatic", "manual"]
Host = Literal["triggerer", "worker"]


class PlanModel(BaseModel):
    """Base of the plan's models: frozen, and readable with keys that a newer compiler added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class RetryPlan(PlanModel):
    """How often to try again: `attempts` retries after the first try, `delay` and `max_delay` in seconds."""

    attempts: int
    delay: float
    max_delay: float


class UndoPlan(PlanModel):
    """What undoes an action. `config` is raw: its templates are resolved when it runs."""

    type: str
    config: dict[str, JsonValue]
    retry: RetryPlan | None = None
    host: Host = "triggerer"
    """Where it runs, as its type says of its config."""


class ResourcePlan(PlanModel):
    """Something that an action provisions. All but `type` is raw: templates are resolved when it is recorded."""

    type: str
    id: str
    name: str | None = None
    attributes: dict[str, JsonValue] = {}


class ActionPlan(PlanModel):
    """One action. `retry` is None where the item says nothing: the type's own default holds."""

    name: str
    type: str
    description: str | None = None
    config: dict[str, JsonValue]
    retry: RetryPlan | None = None
    on_error: Literal["fail", "continue"]
    rollback: UndoPlan | None = None
    resources: tuple[ResourcePlan, ...] = ()
    """What it provisions; plans of before told of none."""
    depends_on: tuple[str, ...]
    """Resolved: the one before where the item says nothing."""
    when: dict[str, JsonValue] | None = None
    timeout: float | None = None
    """Seconds for one attempt."""
    host: Host = "triggerer"
    """Where it runs, as its type says of its config."""


class FulfillmentPlan(PlanModel):
    """One way to fulfill a request. `timeout` is in seconds from the first action's start."""

    description: str | None = None
    actions: tuple[ActionPlan, ...]
    on_failure: Literal["rollback", "hold", "escalate"] = "rollback"
    timeout: float | None = None

    def action(self, name: str) -> ActionPlan:
        """The action of that name; raises KeyError where there is none."""
        for action in self.actions:
            if action.name == name:
                return action
        raise KeyError(name)


class FieldPlan(PlanModel):
    """What running needs to know of a field: its type gives templates and conditions their meaning."""

    id: str
    type: str
    sensitive: bool


class ItemPlan(PlanModel):
    """Everything needed to run one revision of one item."""

    format: Literal[1] = FORMAT
    item_id: str
    revision: str
    """SHA-256 (hex) of the item's parsed document."""
    header: dict[str, Any]
    fields: tuple[FieldPlan, ...]
    manual: FulfillmentPlan
    automatic: FulfillmentPlan | None = None

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The ways in which the item can be fulfilled; the first is the default."""
        return ("automatic", "manual") if self.automatic else ("manual",)

    def fulfillment(self, mode: Mode) -> FulfillmentPlan:
        """The plan of one mode; raises KeyError where the item lacks it."""
        plan = self.automatic if mode == "automatic" else self.manual
        if plan is None:
            raise KeyError(mode)
        return plan
