"""What the operations on what is kept take and answer."""

from __future__ import annotations

import uuid

from pydantic import BaseModel, ConfigDict, Field

from api_plugin.datamodels.base import Answer, StorableText


class RetentionAnswer(Answer):
    """What was deleted because it had been kept for long enough."""

    deleted: int = Field(description="Requests that are gone, with their runs and logs.")
    slimmed: int = Field(description="Requests of which something is active: what undoing them needs is kept.")
    audit: int = Field(description="Entries of the audit trail that are gone.")
    answers: int = Field(description="Answers to calls with an `Idempotency-Key` that are gone.")
    orphans: int = Field(description="Requests that were never made, whose files are gone.")
    more: bool = Field(description="Whether there is more to delete; call again.")


class ErasureBody(BaseModel):
    """Names a person."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"user": "dev@example.com"}})

    user: StorableText = Field(min_length=1, max_length=300, description="Their name in Airflow's sign-in, or email.")


class ErasureAnswer(Answer):
    """What was erased."""

    pseudonym: str = Field(description="What stands in the place of the person now, so that counts stay right.")
    requests: int = Field(description="Their requests, whose values are gone.")
    audit: int = Field(description="Entries of the audit trail whose actor they were.")
    active_resources: list[uuid.UUID] = Field(
        description="What their requests provisioned and is still there. Undoing it may not work any more."
    )
