"""What the operations on the catalog take and answer."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api_plugin.datamodels.base import Answer
from catalog_compiler.previewing import PreviewedAction


class SlaAnswer(Answer):
    """What the item's owner promises."""

    provisioning_time: str | None = None
    support_level: str | None = None


class ItemSummary(Answer):
    """An item in a list."""

    id: str
    name: str
    description: str
    version: str
    category: str
    owner: str
    tags: list[str]
    sla: SlaAnswer | None
    modes: list[str] = Field(description="The ways in which a request can be fulfilled; the first is the default.")
    revision: str = Field(description="Hash of the item's content; a request can be bound to it.")
    status: Literal["available", "outdated"] = Field(
        description="`outdated`: the published file is invalid, and the last valid revision is served."
    )


class CatalogPage(Answer):
    """A page of the catalog."""

    items: list[ItemSummary]
    total: int
    next_cursor: str | None
    commit: str | None = Field(description="The published commit of the catalog's repository.")


class ActionOutline(Answer):
    """An action as a requester may know it: no config."""

    name: str
    type: str
    description: str | None


class SourceAnswer(Answer):
    """Where an item's served revision comes from."""

    file: str
    commit: str
    author: str
    time: dt.datetime


class ItemAnswer(Answer):
    """An item in full."""

    header: dict[str, Any]
    presentation: dict[str, Any]
    actions: dict[str, list[ActionOutline]]
    modes: list[str]
    revision: str
    status: Literal["available", "outdated"]
    source: SourceAnswer


class SchemaAnswer(Answer):
    """The form: the props of react-jsonschema-form as they are."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, populate_by_name=True)

    id: str
    version: str
    revision: str
    json_schema: dict[str, Any] = Field(alias="schema", description="JSON Schema, valid as 2020-12 and as draft-07.")
    ui_schema: dict[str, Any]
    form_props: dict[str, Any]


class OrderBody(BaseModel):
    """What is wanted of an item."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"fields": {"database_name": "orders", "environment": "dev"}}},
    )

    fields: dict[str, JsonValue]
    mode: Literal["automatic", "manual"] | None = None
    revision: str | None = Field(default=None, description="Refuse where this is not the served revision.")


class PreviewAnswer(Answer):
    """What a request would do. Secret values are `***`; what only a request can tell is a placeholder."""

    id: str
    version: str
    revision: str
    mode: Literal["automatic", "manual"]
    actions: list[PreviewedAction]
