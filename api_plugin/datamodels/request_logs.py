"""What the log of a request looks like."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, JsonValue

from api_plugin.datamodels.base import Answer
from api_plugin.request_logs.entry import Level


class LogEntry(Answer):
    """Something that happened to a request."""

    at: dt.datetime
    level: Level
    source: Literal["request", "action", "airflow"] = Field(
        description="`request`: PAO tells of it; `action`: an action wrote it; `airflow`: for operators alone."
    )
    action: str | None = Field(description="Null where it is of the request as a whole.")
    attempt: int | None = Field(description="Of the action, as in the request's `actions`.")
    undoing: bool = Field(description="Whether the action was being undone.")
    message: str = Field(description="For people; its words may change.")
    event: str | None = Field(description="What happened, as a name that stays the same.")
    data: dict[str, JsonValue] = Field(description="What else is told of it. Secrets are `***`.")


class FollowedEntry(LogEntry):
    """A line of a log that is followed."""

    cursor: str = Field(description="Goes on after this entry, where the connection broke.")


class LogPage(Answer):
    """A page of a request's log, the oldest first."""

    entries: list[LogEntry]
    next_cursor: str | None = Field(description="Null where there is no more at this moment.")
    resume_cursor: str = Field(description="Where this page ends: gives what came since, once something did.")
