"""Who sees what: items by their `access`, requests by who asked, who owns the item, and who operates the platform."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, true

from api_plugin.permissions import Permission
from api_plugin.principals import Principal
from api_plugin.store.requests import Request
from catalog_compiler.model import Access


def sees_item(caller: Principal, access: Access | None) -> bool:
    """Whether the caller may see and request an item. Without `access` everyone who is signed in may."""
    if access is None or caller.may(Permission.REQUEST_READ_ALL):
        return True
    return not {*access.roles}.isdisjoint(caller.roles) or not {*access.teams}.isdisjoint(caller.teams)


def sees_every_request(caller: Principal) -> bool:
    """Whether the caller may see whatever was requested, as an operator."""
    return caller.may(Permission.REQUEST_READ_ALL)


def sees_requests(caller: Principal) -> ColumnElement[bool]:
    """Which requests the caller may see: all as an operator, else its own and those of items that its team owns."""
    if sees_every_request(caller):
        return true()
    return or_(Request.user_id == caller.id, Request.owner.in_(caller.teams))
