"""Whether an order can be taken: at the served revision, in a way that the item has, with values that it accepts.

Submitting a request and previewing one ask the same, and so answer the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import JsonValue

from api_plugin.bodies import Draft
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.datamodels.catalog import OrderBody
from api_plugin.exceptions import ApiProblem, FieldProblem, conflict, invalid_fields
from api_plugin.principals import Principal
from api_plugin.served_item import ServedItem
from catalog_compiler.plan import Mode
from catalog_compiler.run_format import UserInfo
from catalog_compiler.submission import FieldError, check_submission

OrderT = TypeVar("OrderT", bound=OrderBody)


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedOrder:
    """An order without faults."""

    mode: Mode
    values: Mapping[str, JsonValue]
    """With the defaults, secret ones in clear."""


def check_order(served: ServedItem, draft: Draft[OrderT]) -> CheckedOrder:
    """Judge an order of a served item; raises a 409 problem for another revision, a 422 with every error at once."""
    body = draft.body
    if body.revision is not None and body.revision != served.revision:
        raise stale_revision(served.header.id, served.revision)
    mode = body.mode or served.modes[0]
    checked = check_submission(served.item, body.fields, now=utc_now())
    faults = [*draft.faults, *_mode_faults(served, mode), *map(_field_fault, checked.errors)]
    if faults:
        raise invalid_fields(faults)
    return CheckedOrder(mode=mode, values=checked.values)


def stale_revision(item_id: str, current: str) -> ApiProblem:
    """409: the order is bound to a revision that is no longer the item's."""
    said = f"'{item_id}' changed since the form was loaded; load it again"
    return conflict("stale-revision", said, current_revision=current)


def requester(caller: Principal) -> UserInfo:
    """The caller as its requests know it."""
    return UserInfo(
        id=caller.id, email=caller.email, name=caller.name, roles=caller.roles, organization=settings().organization
    )


def _mode_faults(served: ServedItem, mode: Mode) -> Iterator[FieldProblem]:
    if mode not in served.modes:
        ways = " and ".join(served.modes)
        yield FieldProblem(pointer="/mode", code="not-an-option", message=f"this item has no such way; it has {ways}")


def _field_fault(error: FieldError) -> FieldProblem:
    return FieldProblem(pointer=error.pointer, code=error.code, message=error.message)
