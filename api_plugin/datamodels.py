"""What the API's operations take and answer, as models for OpenAPI and checking."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError

from api_plugin.status import ActionStatus
from catalog_compiler.field_types.values import storable
from catalog_compiler.previewing import PreviewedAction


def _storable(text: str) -> str:
    if not storable(text):
        raise PydanticCustomError("invalid-characters", "must not hold NUL characters or broken Unicode; remove them")
    return text


StorableText = Annotated[str, AfterValidator(_storable)]
"""A text that the database takes."""


class Answer(BaseModel):
    """Base of what the API answers."""

    model_config = ConfigDict(frozen=True)


class SlaAnswer(Answer):
    """What the item's owner promises."""

    provisioning_time: str | None = None
    support_level: str | None = None


class ItemSummary(Answer):
    """An item in a list."""

    id: str
    name: str
    description: str
    version: str
    category: str
    owner: str
    tags: list[str]
    sla: SlaAnswer | None
    modes: list[str] = Field(description="The ways in which a request can be fulfilled; the first is the default.")
    revision: str = Field(description="Hash of the item's content; a request can be bound to it.")
    status: Literal["available", "outdated"] = Field(
        description="`outdated`: the published file is invalid, and the last valid revision is served."
    )


class CatalogPage(Answer):
    """A page of the catalog."""

    items: list[ItemSummary]
    total: int
    next_cursor: str | None
    commit: str | None = Field(description="The published commit of the catalog's repository.")


class ActionOutline(Answer):
    """An action as a requester may know it: no config."""

    name: str
    type: str
    description: str | None


class SourceAnswer(Answer):
    """Where an item's served revision comes from."""

    file: str
    commit: str
    author: str
    time: dt.datetime


class ItemAnswer(Answer):
    """An item in full."""

    header: dict[str, Any]
    presentation: dict[str, Any]
    actions: dict[str, list[ActionOutline]]
    modes: list[str]
    revision: str
    status: Literal["available", "outdated"]
    source: SourceAnswer


class SchemaAnswer(Answer):
    """The form: the props of react-jsonschema-form as they are."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, populate_by_name=True)

    id: str
    version: str
    revision: str
    json_schema: dict[str, Any] = Field(alias="schema", description="JSON Schema, valid as 2020-12 and as draft-07.")
    ui_schema: dict[str, Any]
    form_props: dict[str, Any]


class ProblemAnswer(Answer):
    """One thing wrong with a catalog file, with its place and what to do."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    file: str
    line: int
    column: int
    pointer: str
    item_id: str | None
    hint: str | None


class InvalidItem(Answer):
    """An item whose file is invalid in the published commit."""

    item_id: str
    served_revision: str | None = Field(
        description="The revision that can be ordered meanwhile; null before the first."
    )


class CatalogValidation(Answer):
    """What is wrong in the published commit."""

    valid: bool = Field(description="Whether there is no error among what the caller may see.")
    commit: str | None
    errors: list[ProblemAnswer]
    warnings: list[ProblemAnswer]
    invalid: list[InvalidItem]


class ItemValidation(Answer):
    """What is wrong with one item in the published commit."""

    valid: bool
    commit: str | None
    errors: list[ProblemAnswer]
    warnings: list[ProblemAnswer]
    served_revision: str | None = Field(
        description="Where the file is invalid, the revision that can be ordered meanwhile; else null."
    )


class CommitAnswer(Answer):
    """A commit that was published, with the ids of the items that it changed."""

    commit: str
    author: str
    message: str | None = Field(description="Null where the commit changed items that the caller may not see.")
    committed_at: dt.datetime
    published_at: dt.datetime
    added: list[str]
    changed: list[str]
    removed: list[str]
    invalid: list[str] = Field(description="Served at their last valid revision.")


class CommitPage(Answer):
    """A page of the published commits, the newest first."""

    commits: list[CommitAnswer]
    next_cursor: str | None


class RefreshAnswer(Answer):
    """A refresh that was asked for."""

    commit_before: str | None = Field(description="The commit that is published now.")
    sync_run_id: str = Field(description="The run of Airflow's DAG `catalog_sync` that shows how it goes.")


class WebhookAnswer(Answer):
    """A push that was taken."""

    catalogs: list[str] = Field(description="The catalogs that are refreshed.")


class SignalAnswer(Answer):
    """News that was taken."""

    signals: list[str] = Field(description="The names for which actions may wait; those that do are woken.")


class OrderBody(BaseModel):
    """What is wanted of an item."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"fields": {"database_name": "orders", "environment": "dev"}}},
    )

    fields: dict[str, JsonValue]
    mode: Literal["automatic", "manual"] | None = None
    revision: str | None = Field(default=None, description="Refuse where this is not the served revision.")


class PreviewAnswer(Answer):
    """What a request would do. Secret values are `***`; what only a request can tell is a placeholder."""

    id: str
    version: str
    revision: str
    mode: Literal["automatic", "manual"]
    actions: list[PreviewedAction]


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


class ActionAnswer(Answer):
    """An action of a request."""

    name: str
    type: str
    status: ActionStatus = Field(description="`waiting` is running too: for something outside, which `url` leads to.")
    attempt: int
    max_attempts: int
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    outputs: dict[str, JsonValue] = Field(description="Secret ones are `***`.")
    error: str | None
    url: str | None = Field(description="The thing outside that it made, or waits for: a run, a ticket.")


class RollbackAnswer(Answer):
    """A rollback of a request."""

    status: Literal["rolling_back", "rolled_back", "rollback_failed"]
    started_at: dt.datetime
    actions: list[str] = Field(description="What is undone, in that order.")


class RequestLinks(Answer):
    """Where to go on."""

    self: str
    status: str
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
    parent_id: uuid.UUID | None
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
    updated_at: dt.datetime
    error: str | None


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


class ReconcileFailure(Answer):
    """A request that could not be settled."""

    id: uuid.UUID
    message: str


class ReconcileAnswer(Answer):
    """What reconciling found."""

    examined: int
    rollbacks_started: int
    failures: list[ReconcileFailure] = Field(description="Requests that could not be settled now; tried again later.")


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
