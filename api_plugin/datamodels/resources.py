"""What the operations on resources answer."""

from __future__ import annotations

import datetime as dt
import uuid

from pydantic import Field, JsonValue

from api_plugin.datamodels.base import Answer
from api_plugin.datamodels.requests import UserAnswer
from api_plugin.resources.recording import ResourceState


class ResourceLinks(Answer):
    """Where to go on."""

    self: str
    request: str


class ResourceAnswer(Answer):
    """Something that a request provisioned."""

    id: uuid.UUID
    type: str = Field(description="What kind of thing it is: a word of the item.")
    identifier: str | None = Field(description="What tells it from others of its type; null where `note` says why.")
    name: str | None
    attributes: dict[str, JsonValue] = Field(description="Secret ones are `***`.")
    state: ResourceState = Field(description="`released` once a rollback undid the action that made it.")
    note: str | None = Field(description="Why it may still be there, or is not known in full.")
    owner: str = Field(description="The team that owns the item.")
    user: UserAnswer
    catalog: str
    item_id: str
    action: str
    request_id: uuid.UUID
    created_at: dt.datetime
    released_at: dt.datetime | None
    links: ResourceLinks


class ResourcePage(Answer):
    """A page of resources, the newest first."""

    items: list[ResourceAnswer]
    next_cursor: str | None
