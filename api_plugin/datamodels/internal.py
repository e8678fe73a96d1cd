"""What the operations of the service principal take and answer."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api_plugin.datamodels.base import Answer, StorableText


class SettleBody(BaseModel):
    """Names a DAG run that ended."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"dag_id": "default.database-postgresql", "run_id": "0198c0de-0000-7000-8000-000000000001"}
        },
    )

    dag_id: StorableText
    run_id: StorableText


class SettleAnswer(Answer):
    """What was done about it."""

    request_id: uuid.UUID | None
    status: str | None
    rollback_started: bool


class AdoptBody(BaseModel):
    """Names a DAG run that was started in Airflow."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "dag_id": "default.database-postgresql",
                "run_id": "manual__2026-03-01T09:00:00+00:00",
                "revision": "3f2a1c5f0d7be19c5f0a4d8b0a2f7e66c1f4b8d91e7a3c5d2b6f8091a2c3d4e5",
            }
        },
    )

    dag_id: StorableText
    run_id: StorableText
    revision: StorableText
    """That of the item which its DAG runs."""


class AdoptAnswer(Answer):
    """How the run goes on."""

    conf: dict[str, JsonValue] = Field(description="The run's conf from now on, signed.")


class ReconcileFailure(Answer):
    """A request that could not be settled."""

    id: uuid.UUID
    message: str


class ReconcileAnswer(Answer):
    """What reconciling found."""

    examined: int
    rollbacks_started: int
    failures: list[ReconcileFailure] = Field(description="Requests that could not be settled now; tried again later.")
    lost: int = Field(description="Requests that were ended because Airflow has lost their runs.")
    snapshots: int = Field(description="Requests that had ended, and whose runs are kept now.")


class CatalogNames(Answer):
    """The catalogs that are followed."""

    catalogs: list[str]


class TeamAccounts(Answer):
    """What a catalog's settings say of its owners."""

    jira_accounts: dict[str, str] = Field(description="Account id, email or user name; teams without one are left out.")


class WaitingItem(Answer):
    """An item whose published revision is not served yet."""

    item_id: str
    reason: str


class PublishedCommit(Answer):
    """A publication, with what it changed."""

    commit: str
    author: str
    message: str
    added: list[str]
    changed: list[str]
    removed: list[str]
    invalid: list[str]


class OwnerReportAnswer(Answer):
    """What an owner is to be told of a catalog's errors."""

    owner: str | None = Field(description="None for files of which no item can be read.")
    contact: str | None
    problems: list[dict[str, Any]] = Field(description="Empty where those that were reported are gone.")
    digest: str = Field(description="To be given back once the owner was told.")


class ReportedBody(BaseModel):
    """Tells that an owner was told."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"owner": "platform-data", "digest": "0f343b0931126a20f133d67c2b018a3b"}},
    )

    owner: StorableText | None
    digest: StorableText


class CatalogState(Answer):
    """How far a catalog has got with its repository."""

    catalog: str
    commit: str | None
    refreshed_at: dt.datetime | None
    published_at: dt.datetime | None
    failure: str | None
    failing_since: dt.datetime | None
    seq: int = Field(description="The number of the newest publication; `since` takes it.")
    commits: list[PublishedCommit] = Field(description="The publications after `since`; none where it was left out.")
    pending: list[str] = Field(description="Items whose published revision is not ready to run yet.")
    waiting: list[WaitingItem] = Field(description="Why each of those is not ready.")
    invalid: list[str] = Field(description="Items whose published file is invalid; their last valid revision serves.")
    problems: list[dict[str, Any]]
    reports: list[OwnerReportAnswer] = Field(description="What owners have not been told yet.")
