"""What the operations on what is kept take and answer."""

from __future__ import annotations

from pydantic import Field

from api_plugin.datamodels.base import Answer


class RetentionAnswer(Answer):
    """What was deleted because it had been kept for long enough."""

    deleted: int = Field(description="Requests that are gone, with their runs and logs.")
    slimmed: int = Field(description="Requests of which something is active: what undoing them needs is kept.")
    audit: int = Field(description="Entries of the audit trail that are gone.")
    answers: int = Field(description="Answers to calls with an `Idempotency-Key` that are gone.")
    more: bool = Field(description="Whether there is more to delete; call again.")
