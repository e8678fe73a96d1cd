"""What health answers, and what processes tell of the targets that they leave alone."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api_plugin.datamodels.base import Answer, StorableText


class CheckAnswer(Answer):
    """One thing that health looks at."""

    status: Literal["healthy", "degraded", "unhealthy"]
    detail: str | None = None
    since: dt.datetime | None = None
    seconds: float = Field(description="How long the look took.")


class HealthAnswer(Answer):
    """Whether the platform works."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str | None = None
    checks: dict[str, CheckAnswer] | None = None


class BreakerBody(BaseModel):
    """A breaker that changed."""

    model_config = ConfigDict(extra="forbid")

    target: Annotated[StorableText, Field(max_length=300, description="`host:port`.")]
    state: Literal["closed", "open", "half-open"]
    at: AwareDatetime = Field(description="When it came into this state.")
    failures: Annotated[int, Field(ge=0, le=2**31 - 1, description="Calls in a row that found the target ill.")]


class BreakersBody(BaseModel):
    """What a process tells of its breakers."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "process": "triggerer-0",
                "breakers": [
                    {"target": "db.example.com:443", "state": "open", "at": "2026-03-01T09:00:00Z", "failures": 10}
                ],
            }
        },
    )

    process: Annotated[StorableText, Field(max_length=300, description="Who tells.")]
    breakers: Annotated[list[BreakerBody], Field(max_length=1000, description="Those that changed.")]


class BreakersAnswer(Answer):
    """What is known after that."""

    left_alone: list[str] = Field(description="The targets that are left alone by any process.")
