"""Tries a request anew: another request of the same item, prefilled with its values and linked to it.

Values are checked again, by the rules of the revision that is served now. Secret ones are carried over: opened in
memory alone, to be checked, and sealed again.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.bodies import Draft
from api_plugin.catalog_answers import served_item
from api_plugin.configuration import sealer
from api_plugin.datamodels.requests import RequestBody
from api_plugin.exceptions import ApiProblem, conflict
from api_plugin.principals import Principal
from api_plugin.projection import bring_up_to_date, mode_of
from api_plugin.request_files import restored
from api_plugin.served_item import ServedItem
from api_plugin.state import ApiState
from api_plugin.store.requests import Request
from api_plugin.submitting import submit
from catalog_compiler.conditions import visible_fields
from catalog_compiler.sealing import SealError, is_sealed
from catalog_compiler.stored_files import StoredFileError

_GONE_WRONG = frozenset({"failed", "cancelled", "rolled_back", "rollback_failed"})
"""Statuses after which a request may be tried anew once more."""


def order_anew(
    session: Session, state: ApiState, request: Request, caller: Principal, changes: Mapping[str, JsonValue]
) -> Request:
    """Order what a locked request was for, with these values changed; commits nothing.

    Raises a 422 problem for values that are not accepted, and `OtherRevisionError` as `submit` does.
    """
    served = _served(session, state, request, caller)
    mode = mode_of(request)
    if mode not in served.modes:
        raise conflict("no-such-mode", f"the item can't be fulfilled in mode '{mode}' any more; order it anew")
    body = RequestBody(
        item_id=request.item_id,
        catalog=request.catalog,
        mode=mode,
        fields=_values(served, request, changes),
        comment=request.comment,
    )
    accepted = submit(session, state.dags, served, Draft(body=body, faults=()), caller, parent=request)
    return accepted.request


def refuse_twice(session: Session, request: Request) -> None:
    """Raise a 409 problem where another request that tries this one anew is under way, or has completed."""
    tried = select(Request.id).where(Request.parent_id == request.id).order_by(Request.created_at)
    for child in bring_up_to_date(session, session.scalars(tried).all()):
        if child.status not in _GONE_WRONG:
            raise conflict(
                "already-retried",
                f"request '{child.id}' tries this one anew and is '{child.status}'; follow that one, or order the item "
                "anew",
                retried_by=str(child.id),
            )


def _served(session: Session, state: ApiState, request: Request, caller: Principal) -> ServedItem:
    try:
        return served_item(state, session, request.catalog, request.item_id, caller)
    except ApiProblem as problem:
        if problem.code not in {"unknown-item", "unknown-catalog"}:
            raise
        raise conflict(
            "item-is-gone", f"the item '{request.item_id}' can't be ordered any more; order another one"
        ) from None


def _values(served: ServedItem, request: Request, changes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The request's values with the changes; null takes one away. What the form no longer asks for is left out.

    So is a secret of a field that is not secret any more: it would be stored, and shown, in clear.
    """
    secret = {field.id for field in served.plan.fields if field.sensitive}
    stored = {name: value for name, value in request.fields.items() if name in secret or not is_sealed(value)}
    try:
        kept = {name: sealer().open(value) for name, value in stored.items() if name not in changes}
        carried = restored(kept)
    except SealError as error:
        raise conflict("key-is-gone", f"{error}; or order the item anew") from None
    except StoredFileError as error:
        raise conflict("file-is-gone", f"{error}; or send it again in 'fields'") from None
    wanted = {name: value for name, value in {**carried, **changes}.items() if value is not None}
    visible = visible_fields(served.item, wanted)
    return {name: value for name, value in wanted.items() if name in visible or name in changes}
