"""What one task of a compiled DAG does, as it stands in the operator's serialized arguments.

Written by `catalog_compiler.airflow.dag`; the triggerer reads it from the serialized DAG that the run was created with,
and never loads a bundle.
"""

from __future__ import annotations

from typing import Any

from catalog_compiler.plan import ActionPlan, ItemPlan, Mode, PlanModel


class Step(PlanModel):
    """An action with what it needs of its item."""

    item_id: str
    revision: str
    mode: Mode
    header: dict[str, Any]
    field_types: dict[str, str]
    action: ActionPlan

    @classmethod
    def of(cls, plan: ItemPlan, mode: Mode, action: ActionPlan) -> Step:
        """The step of an action of that plan."""
        return cls(
            item_id=plan.item_id,
            revision=plan.revision,
            mode=mode,
            header=plan.header,
            field_types={field.id: field.type for field in plan.fields},
            action=action,
        )
