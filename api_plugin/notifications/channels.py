"""Which channels the platform has, and which events each kind of recipient is told of by default: from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from catalog_compiler.settings import PaoSettings

Channel = Literal["email", "slack", "teams", "webhook"]
Event = Literal["completed", "failed", "waiting", "overdue"]
CHANNELS: tuple[Channel, ...] = ("email", "slack", "teams", "webhook")
EVENTS: tuple[Event, ...] = ("completed", "failed", "waiting", "overdue")


def connections(settings: PaoSettings) -> Mapping[str, str]:
    """The channels that there are, each with its Airflow connection."""
    named: dict[str, str | None] = {
        "email": settings.notify_email_connection,
        "slack": settings.notify_slack_connection,
        "teams": settings.notify_teams_connection,
        "webhook": settings.notify_webhook_connection,
    }
    return {channel: connection for channel, connection in named.items() if connection}
