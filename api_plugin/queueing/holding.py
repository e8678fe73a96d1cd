"""Which runs wait for their turn before they start; `api_plugin.queueing.admitting` lets them."""

from __future__ import annotations

from api_plugin.configuration import settings
from api_plugin.queueing.limits import Limits, Work
from api_plugin.store.requests import Request
from catalog_compiler.plan import FulfillmentPlan


def configured() -> Limits:
    """The limits of this deployment."""
    return Limits.of_settings(settings())


def waits_for_turn(request: Request, way: FulfillmentPlan) -> bool:
    """Whether a new request starts in the queue: where a limit holds for it. What people do by hand never does."""
    limits = configured()
    if request.mode != "automatic" or not limits.any:
        return False
    work = Work(
        user_id=request.user_id,
        catalog=request.catalog,
        item_id=request.item_id,
        action_types=frozenset(action.type for action in way.actions),
    )
    return bool(limits.on(work))
