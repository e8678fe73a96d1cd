"""Which runs wait for their turn before they start; `api_plugin.queueing.admitting` lets them."""

from __future__ import annotations

from api_plugin.configuration import settings
from api_plugin.queueing.limits import Limits
from catalog_compiler.plan import Mode


def configured() -> Limits:
    """The limits of this deployment."""
    return Limits.of_settings(settings())


def waits_for_turn(mode: Mode) -> bool:
    """Whether a new request's run starts in the queue: where anything is limited. What people do by hand never is."""
    return mode == "automatic" and configured().any
