"""What a notification says, for each channel, as a config of the action type that sends it: templates and values.

Whatever a user or a target wrote is a value, so that the template engine encodes it for the place where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from api_plugin.clock import utc_text
from api_plugin.configuration import settings
from api_plugin.notifications.channels import Channel
from api_plugin.store.notifications import Notification
from api_plugin.store.requests import Request

LONGEST_ERROR = 1000
"""Characters of an error that are told; all of it is in the request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message, ready to be sent."""

    id: str
    """Stable over attempts."""
    type: str
    """The action type that sends it."""
    connection: str
    config: dict[str, Any]
    """The type's config with templates."""
    values: dict[str, JsonValue]
    """What the templates call `fields`."""
    request_id: str
    request_url: str
    correlation_id: str


def message(notification: Notification, request: Request, connection: str) -> Message:
    """The message of a notification."""
    channel: Channel = notification.channel  # type: ignore[assignment]  # as it was written
    url = f"{settings().base_url.rstrip('/')}/api/v1/requests/{request.id}"
    values = _values(notification, request, url)
    return Message(
        id=f"notification-{notification.id}",
        type=channel,
        connection=connection,
        config=_config(channel, connection, notification, values),
        values=values,
        request_id=str(request.id),
        request_url=url,
        correlation_id=request.correlation_id,
    )


def _config(
    channel: Channel, connection: str, notification: Notification, values: dict[str, JsonValue]
) -> dict[str, Any]:
    match channel:
        case "email":
            return {
                "connection": connection,
                "to": [notification.recipient],
                "subject_template": "{{fields.title}}",
                "body_template": "{{fields.title}}.\n\n{{fields.text}}\n\nThe request: {{fields.url}}\n",
            }
        case "slack":
            place = {"channel": notification.recipient} if notification.recipient else {}
            text = "*{{fields.title}}*\n{{fields.text}}\n<{{fields.url}}|Show the request>"
            return {"connection": connection, "text_template": text, **place}
        case "teams":
            return {
                "connection": connection,
                "title_template": "{{fields.title}}",
                "text_template": "{{fields.text}}",
                "link": {"title": "Show the request", "url": "{{fields.url}}"},
            }
        case "webhook":
            # Where to is the connection's, which signs it too; the body is a structure, so that nothing adds to it.
            return {
                "headers": {"Content-Type": "application/json"},
                "body": dict(values),
                "signature": {"secret_ref": connection, "timestamp_header": "X-Timestamp"},
            }


def _values(notification: Notification, request: Request, url: str) -> dict[str, JsonValue]:
    detail = notification.detail
    title = f"{request.item_id}: {_happened(notification)}"
    return {
        "id": f"notification-{notification.id}",
        "event": notification.event,
        "at": utc_text(notification.created_at),
        "request_id": str(request.id),
        "item_id": request.item_id,
        "catalog": request.catalog,
        "owner": request.owner,
        "status": str(detail.get("status") or request.status),
        "user": {"email": request.user.get("email"), "name": request.user.get("name")},
        "title": title,
        "text": _text(notification, request),
        "url": url,
    }


def _happened(notification: Notification) -> str:
    match notification.event, notification.detail.get("status"):
        case "completed", _:
            return "completed"
        case "failed", "rolled_back":
            return "failed, and was rolled back"
        case "failed", "rollback_failed":
            return "could not be rolled back"
        case "failed", _:
            return "failed"
        case "waiting", _:
            return "waits for people"
        case _:
            return "is later than promised"


def _text(notification: Notification, request: Request) -> str:
    asked = f"Ordered by {request.user.get('name')} <{request.user.get('email')}>."
    detail = notification.detail
    match notification.event:
        case "failed":
            error = str(detail.get("error") or "")
            return f"{error[:LONGEST_ERROR]}\n{asked}".strip()
        case "waiting":
            where = f": {detail['url']}" if detail.get("url") else "."
            return f"The action '{detail['action']}' waits for people{where}\n{asked}"
        case "overdue":
            return f"It was promised for {str(detail['expected_at'])[:16].replace('T', ' ')} UTC.\n{asked}"
        case _:
            return asked
