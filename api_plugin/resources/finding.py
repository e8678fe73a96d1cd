"""Finds resources: what a caller may see of them, narrowed by filters, the newest first."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, or_, select, true, tuple_

from api_plugin.permissions import Permission
from api_plugin.principals import Principal
from api_plugin.resources.recording import ResourceState
from api_plugin.store.resources import Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What is wanted; None is anything."""

    type: str | None = None
    owner: str | None = None
    user: str | None = None
    """The requester's email."""
    item_id: str | None = None
    request_id: uuid.UUID | None = None
    state: ResourceState | None = None
    text: str | None = None
    """What the type, identifier or name holds, whatever its case."""


def sees_resources(caller: Principal) -> ColumnElement[bool]:
    """Which resources the caller may see: as with requests, all as an operator, else its own and those of its team."""
    if caller.may(Permission.REQUEST_READ_ALL):
        return true()
    return or_(Resource.user_id == caller.id, Resource.owner.in_(caller.teams))


def resources_query(
    caller: Principal, wanted: Filters, *, after: tuple[dt.datetime, uuid.UUID] | None, limit: int
) -> Select[Resource]:
    """The resources after a place in that order, `limit` of them."""
    columns = {
        Resource.type: wanted.type,
        Resource.owner: wanted.owner,
        Resource.user_email: wanted.user,
        Resource.item_id: wanted.item_id,
        Resource.request_id: wanted.request_id,
        Resource.state: wanted.state,
    }
    query = select(Resource).where(sees_resources(caller))
    for column, value in columns.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.text:
        texts = (Resource.identifier, Resource.name, Resource.type)
        query = query.where(or_(*(text.icontains(wanted.text, autoescape=True) for text in texts)))
    if after is not None:
        query = query.where(tuple_(Resource.created_at, Resource.id) < after)
    return query.order_by(Resource.created_at.desc(), Resource.id.desc()).limit(limit)
