"""What the operations on a request that exists take."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class RetryBody(BaseModel):
    """What `POST /requests/{id}/retry` takes, if anything."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"fields": {"database_name": "orders-2"}}},
    )

    fields: dict[str, JsonValue] = Field(
        default={},
        description="The values that change, null for one to leave out. With any, a new request is made.",
    )
