"""Whether an attempt is followed by another one, and after how long."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_compiler.plan import RetryPlan
from pao_actions.exceptions import TemporaryError

DEFAULT_PLAN = RetryPlan(attempts=3, delay=5.0, max_delay=300.0)
"""What holds where the item says nothing."""

LONGEST_WISH = 3600.0
"""Seconds of a `Retry-After` that are waited at most; a target that wishes for more is tried again all the same."""

_MAX_DOUBLINGS = 32
"""Beyond this the doubled delay is over every limit, and a power of two would overflow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """The retries of one action.

    `safe` says that sending again does no harm, so that every temporary error is retried.
    """

    plan: RetryPlan
    safe: bool

    @classmethod
    def of(cls, plan: RetryPlan | None, *, repeatable: bool) -> RetryPolicy:
        """The policy from what the item says, or else from whether the call is repeatable by its nature."""
        if plan is None:
            return cls(plan=DEFAULT_PLAN, safe=repeatable)
        return cls(plan=plan, safe=repeatable or plan.attempts > 0)

    def retries(self, error: TemporaryError, attempt: int, *, resumable: bool = False) -> bool:
        """Whether another attempt follows the one of that number (from 1), which ended in this error.

        `resumable` says that it would only go on with what is begun.
        """
        return attempt <= self.plan.attempts and (self.safe or resumable or not error.arrived)

    def delay(self, attempt: int, retry_after: float | None, chance: float) -> float:
        """Seconds to wait after an attempt: exponential with full jitter, or longer where the target wishes so.

        `chance` is a number of [0, 1). The plan's `max_delay` limits the growth, `LONGEST_WISH` the target's wish.
        """
        ceiling: float = min(self.plan.delay * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS), self.plan.max_delay)
        return max(chance * ceiling, min(retry_after or 0.0, LONGEST_WISH))
