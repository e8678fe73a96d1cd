"""What the operations on notifications take and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api_plugin.datamodels.base import Answer
from api_plugin.notifications.channels import Channel, Event


class ChannelChoice(BaseModel):
    """What one is told by a channel."""

    model_config = ConfigDict(extra="forbid")

    events: Annotated[list[Event], Field(max_length=10, description="Of these; none where it is empty.")]
    to: Annotated[str | None, Field(pattern=r"^[UW][A-Z0-9]{6,20}$")] = Field(
        default=None, description="For Slack alone: one's member id, as in `U012AB3CD` (Profile, Copy member ID)."
    )


class NotificationBody(BaseModel):
    """What `PUT /me/notifications` takes: what is left out is switched off."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "channels": {
                    "email": {"events": ["failed", "overdue"]},
                    "slack": {"events": ["completed", "failed"], "to": "U012AB3CD"},
                }
            }
        },
    )

    channels: dict[Channel, ChannelChoice]


class NotificationAnswer(Answer):
    """How the caller is told of their requests."""

    available: list[Channel] = Field(description="The channels that this platform has; others tell nothing.")
    email: str = Field(description="Where emails go: the account's address.")
    chosen: bool = Field(description="False while the platform's defaults count.")
    channels: dict[Channel, ChannelChoice]
