"""The ways of a request that were begun: the one that it was ordered in, and the manual one that took it over."""

from __future__ import annotations

from dataclasses import dataclass

from api_plugin.status_views import EscalationView, RunView
from api_plugin.undoing import undo_order
from catalog_compiler.plan import FulfillmentPlan, Mode


@dataclass(frozen=True, kw_only=True, slots=True)
class Ways:
    """The way in which a request was ordered, and the one that took it over; each with its run."""

    ordered: FulfillmentPlan
    mode: Mode
    run: RunView
    escalation: EscalationView | None

    @property
    def begun(self) -> tuple[tuple[Mode, FulfillmentPlan, RunView], ...]:
        """Those that have a run."""
        first = ((self.mode, self.ordered, self.run),)
        if self.escalation is None or self.escalation.run is None:
            return first
        return (*first, ("manual", self.escalation.way, self.escalation.run))

    @property
    def over(self) -> bool:
        """Whether nothing of either runs."""
        return all(run.state not in {"queued", "running"} for _, _, run in self.begun)

    @property
    def undoable(self) -> bool:
        """Whether anything was done that can be undone."""
        return any(undo_order(way, run.tasks) for _, way, run in self.begun)
