"""What the operations on requests take and answer."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from api_plugin.datamodels.base import Answer, StorableText
from api_plugin.datamodels.catalog import OrderBody
from api_plugin.status_views import ActionStatus, RollbackStatus


class RequestBody(OrderBody):
    """What `POST /requests` takes."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"item_id": "database-postgresql", "fields": {"database_name": "orders", "environment": "dev"}}
        },
    )

    item_id: str
    catalog: str | None = None
    comment: StorableText | None = Field(default=None, max_length=10_000)


class UserAnswer(Answer):
    """The requester."""

    email: str
    name: str
    organization: str | None


class TimelineEntry(Answer):
    """A status with when it began."""

    status: str
    at: dt.datetime
    by: str | None = Field(
        description="The user who did that, where a person did: ordered, cancelled, rolled back, or cleared or marked "
        "the run in Airflow. Null where the platform went on by itself."
    )


class ActionAnswer(Answer):
    """An action of a request."""

    name: str
    mode: str = Field(description="The way that it belongs to: a request that was escalated has actions of both.")
    type: str
    status: ActionStatus = Field(description="`waiting` is running too: for something outside, which `url` leads to.")
    attempt: int
    max_attempts: int
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    outputs: dict[str, JsonValue] = Field(description="Secret ones are `***`.")
    error: str | None
    url: str | None = Field(description="The thing outside that it made, or waits for: a run, a ticket.")
    undo_url: str | None = Field(default=None, description="The same of what undid it, or does.")


class RollbackAnswer(Answer):
    """A rollback of a request."""

    status: RollbackStatus
    started_at: dt.datetime
    actions: list[str] = Field(description="What is undone, in that order.")


class QueueAnswer(Answer):
    """Where a request stands that waits for its turn."""

    position: int = Field(description="1 for the next one. Others may come in between: users take turns.")
    length: int = Field(description="How many wait for the same.")
    limit: Literal["platform", "user", "item", "action_type"] = Field(
        description="Of what enough run already: of all requests, or of the user, the item or an action type."
    )
    message: str


class RequestLinks(Answer):
    """Where to go on."""

    self: str
    status: str
    logs: str
    events: str


class RequestAnswer(Answer):
    """A request."""

    id: uuid.UUID
    item_id: str
    item_version: str
    revision: str
    catalog: str
    status: str
    mode: str
    fields: dict[str, JsonValue] = Field(description="Secret ones are `***`.")
    comment: str | None
    user: UserAnswer
    timeline: list[TimelineEntry]
    actions: list[ActionAnswer]
    outputs: dict[str, dict[str, JsonValue]] = Field(description="By action; secret ones are `***`.")
    warnings: list[str]
    error: str | None
    rollback: RollbackAnswer | None
    queue: QueueAnswer | None = Field(
        default=None,
        description="Where it stands while it is `queued` because so many others run; null for any other, and in the "
        "answer to the order itself.",
    )
    parent_id: uuid.UUID | None
    expected_at: dt.datetime | None = Field(
        default=None, description="When it is promised to be completed, by the item's `sla.provisioning_time`."
    )
    overdue: bool = Field(default=False, description="Whether it is, or was when it ended, later than that.")
    airflow_url: str
    links: RequestLinks


class RequestSummary(Answer):
    """A request in a list."""

    id: uuid.UUID
    item_id: str
    item_version: str
    catalog: str
    status: str
    mode: str
    user: UserAnswer
    created_at: dt.datetime
    updated_at: dt.datetime
    ended_at: dt.datetime | None
    expected_at: dt.datetime | None = None
    overdue: bool = False
    error: str | None
    links: RequestLinks


class RequestPage(Answer):
    """A page of requests, the newest first."""

    items: list[RequestSummary]
    next_cursor: str | None


class Progress(Answer):
    """How far a request is."""

    done: int
    total: int
    percent: int


class StatusAnswer(Answer):
    """A request's status, cheap to ask for."""

    id: uuid.UUID
    status: str
    progress: Progress
    current_action: str | None
    queue: QueueAnswer | None = Field(
        default=None, description="Where it stands while it is `queued` because so many others run."
    )
    updated_at: dt.datetime
    error: str | None


class OutputsAnswer(Answer):
    """What an action gave, in clear."""

    request_id: uuid.UUID
    action: str
    outputs: dict[str, JsonValue] = Field(description="Secret ones too: keep them where secrets belong.")
