"""PAO's settings, typed, in one place: the section `[pao]` of Airflow's configuration.

Callers hand in how to read an option (`airflow.configuration.conf.get` bound to the section), so that nothing is read
at import and this module needs no Airflow. As environment variables the options are `AIRFLOW__PAO__<NAME>`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from catalog_compiler.address_rules import AddressRules, AllowedTarget, allowed_targets
from catalog_compiler.setting_lists import (
    NamedLimits,
    calls_by_type,
    event_names,
    limits_by_name,
    pools_by_type,
    priorities_by_role,
    redis_address,
)

SECTION = "pao"


class SettingsError(ValueError):
    """An option of `[pao]` is missing or wrong; the message names it and its environment variable."""


def _split_targets(value: object) -> object:
    return allowed_targets(value) if isinstance(value, str) else value


class PaoSettings(BaseModel):
    """The options of `[pao]`; the description of each is its documentation."""

    model_config = ConfigDict(frozen=True)

    fernet_key: str = Field(description="Key that seals secret values; several, newest first, separated by commas.")
    base_url: str = Field(
        default="http://localhost:8080",
        description="Where people and callbacks reach this deployment; links to requests start with it.",
    )
    default_catalog: str = Field(default="default", description="The catalog that a call without `catalog` means.")
    organization: str | None = Field(default=None, description="`request.user.organization` of every user.")
    allow_private_addresses: bool = Field(
        default=False, description="Whether actions may call private and loopback addresses."
    )
    allowed_targets: Annotated[tuple[AllowedTarget, ...], BeforeValidator(_split_targets)] = Field(
        default=(),
        description="Private targets that actions may call all the same, separated by commas: hosts "
        "(`db.corp.example`), patterns (`*.corp.example`), addresses and networks (`10.2.0.0/16`), each with or "
        "without a port (`db.corp.example:8443`). Addresses where clouds serve metadata are reached only where they "
        "are named here one by one.",
    )
    breaker_failures: int = Field(
        default=10,
        ge=1,
        description="After so many calls in a row that a target did not answer, or answered by 5xx, it is left alone.",
    )
    breaker_seconds: float = Field(
        default=30.0, gt=0, description="Seconds for which such a target is left alone before one call tries it again."
    )
    redis_url: Annotated[str | None, AfterValidator(redis_address)] = Field(
        default=None,
        description="Redis in which all processes share which targets are left alone (`redis://host:6379/0`); without "
        "one, each process finds out for itself.",
    )
    call_limits: Annotated[dict[str, int], BeforeValidator(calls_by_type)] = Field(
        default={},
        description="For action types, how many calls a triggerer, or the task of a worker, makes at once; further "
        "ones wait their turn: `rest-api=200, jira-ticket=10`.",
    )
    worker_pools: Annotated[dict[str, str], BeforeValidator(pools_by_type)] = Field(
        default={},
        description="For action types that run on workers, the Airflow pool that limits how many run at once, undos "
        "too: "
        "`terraform=terraform_pool`. Make the pool in Airflow first.",
    )
    max_active_runs: int = Field(
        default=10_000, ge=1, description="How many requests of one item may run at the same time."
    )
    start_at_once: bool = Field(
        default=True,
        description="Whether a request's first actions start with its submission, or when its turn comes; otherwise "
        "Airflow's scheduler starts them in one of its next loops.",
    )
    max_requests: int | None = Field(
        default=None,
        ge=1,
        description="How many automatic requests may run at the same time; further ones wait in the queue. By default "
        "none waits.",
    )
    max_requests_per_user: Annotated[NamedLimits, BeforeValidator(limits_by_name)] = Field(
        default=NamedLimits(),
        description="How many of them each user may have, and some users or API keys instead: `5, key:ci=50`.",
    )
    max_requests_per_item: Annotated[NamedLimits, BeforeValidator(limits_by_name)] = Field(
        default=NamedLimits(),
        description="How many of them each item may have, and some items instead, by id or by catalog and id: "
        "`20, big-database=2, staging.big-database=1`.",
    )
    max_requests_per_action_type: Annotated[dict[str, int], BeforeValidator(calls_by_type)] = Field(
        default={},
        description="For action types, how many of the requests that have such an action: `terraform=4`.",
    )
    queue_priorities: Annotated[dict[str, int], BeforeValidator(priorities_by_role)] = Field(
        default={},
        description="For roles, the priority of their requests in the queue: `PAO Operator=10`; 0 for all others. A "
        "higher one goes before all lower ones.",
    )
    max_body_bytes: int = Field(default=4_194_304, ge=1, description="Largest body of a request to the API, in bytes.")
    max_file_bytes: int = Field(
        default=1_048_576,
        ge=1,
        description="Largest file of a `file` field that names no `max`, in bytes; in a request it takes a third more.",
    )
    file_storage: str | None = Field(
        default=None,
        description="Where the files of requests are kept, by Airflow's object storage path: a folder that all "
        "processes share (`file:///opt/airflow/files`), or an object store (`s3://aws_default@bucket/pao`, with its "
        "packages: `apache-airflow-providers-amazon[s3fs]`); without one, in the database, in the request and its run.",
    )
    catalog_ttl: float = Field(
        default=1.0, ge=0, description="Seconds for which an API process may serve its copy of the catalog unchecked."
    )
    sign_in_ttl: float = Field(
        default=2.0,
        ge=0,
        description="Seconds for which an API process knows a caller without looking again: for so long a revoked "
        "token or a role that was taken away still counts.",
    )
    watch_interval: float = Field(
        default=0.25, gt=0, description="Seconds between two looks at the requests that WebSockets watch."
    )
    max_sockets: int = Field(
        default=5000,
        ge=1,
        description="WebSockets that an API process keeps open at once, as far as it may open as many files.",
    )
    max_sockets_per_caller: int = Field(
        default=2000, ge=1, description="How many of those one caller may have; a portal's own account counts as one."
    )
    max_open_logs: int = Field(
        default=100, ge=1, description="Logs that an API process follows, or answers as text, at once."
    )
    max_open_logs_per_caller: int = Field(default=20, ge=1, description="How many of those one caller may have.")
    service_connection: str = Field(
        default="pao_api", description="Airflow connection by which DAGs and callbacks call this API."
    )
    catalog_report_connection: str | None = Field(
        default=None,
        description="Airflow connection by which owners are told of errors in their items: of type `smtp` or `http`.",
    )

    retention_completed: float = Field(
        default=90.0, ge=0, description="Days for which completed requests are kept; 0 keeps them for ever."
    )
    retention_failed: float = Field(
        default=180.0, ge=0, description="The same for requests that ended in any other way."
    )
    retention_audit: float = Field(
        default=730.0, ge=0, description="Days for which the audit trail is kept; 0 keeps it for ever."
    )
    notify_email_connection: str | None = Field(
        default=None, description="Airflow connection of type `smtp` by which people are told of requests."
    )
    notify_slack_connection: str | None = Field(
        default=None, description="Airflow connection whose password is a bot token by which Slack tells of requests."
    )
    notify_teams_connection: str | None = Field(
        default=None, description="Airflow connection whose password is the Teams workflow that tells of requests."
    )
    notify_webhook_connection: str | None = Field(
        default=None,
        description="Airflow connection whose host is a URL that is told of requests, signed by its password.",
    )
    notify_events: Annotated[str, AfterValidator(event_names)] = Field(
        default="completed, failed, waiting, overdue",
        description="Of what a requester who chose nothing is told, by email; `none` for nothing.",
    )
    notify_owner_events: Annotated[str, AfterValidator(event_names)] = Field(
        default="failed, waiting, overdue",
        description="Of what an item's owner is told: by the contact in `.pao.yaml`, Teams and the webhook.",
    )
    notify_interval: float = Field(
        default=2.0, gt=0, description="Seconds between two looks of an API process for what people are to be told."
    )

    terraform_binary: str | None = Field(
        default=None,
        description="The program of `terraform` actions, a name or a path; by default `terraform`, or else `tofu`, "
        "whichever is found on a worker.",
    )
    terraform_folder: str | None = Field(
        default=None,
        description="Where workers keep what `terraform` actions share: clones, provider plugins and the folders of "
        "running ones; by default `~/.cache/pao-terraform`.",
    )
    terraform_state_connection: str = Field(
        default="pao_terraform_state",
        description="Airflow connection of type `postgres` to the database that holds the state of `terraform` actions "
        "that name no `backend`.",
    )

    def options_of(self, action_type: str) -> dict[str, str]:
        """The options whose names start with an action type's, without that start; unset ones are left out."""
        start = action_type.replace("-", "_") + "_"
        values = {name.removeprefix(start): value for name, value in self if name.startswith(start)}
        return {name: str(value) for name, value in values.items() if value is not None}

    @property
    def limits_requests(self) -> bool:
        """Whether requests may have to wait for their turn."""
        limits = (self.max_requests_per_user.any, self.max_requests_per_item.any, self.max_requests_per_action_type)
        return self.max_requests is not None or any(limits)

    @property
    def address_rules(self) -> AddressRules:
        """Which addresses actions may reach."""
        return AddressRules(allow_private=self.allow_private_addresses, allowed=self.allowed_targets)

    @classmethod
    def load(cls, get: Callable[[str], str | None]) -> PaoSettings:
        """Read every option by `get`, which gives None where it is not set; raises SettingsError."""
        values = {name: get(name) for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in values.items() if value not in (None, "")})
        except ValidationError as error:
            wrong = "; ".join(_sentence(found) for found in error.errors(include_url=False))
            raise SettingsError(wrong) from None


def _sentence(found: ErrorDetails) -> str:
    name = str(found["loc"][0])
    option = f"Airflow's option [{SECTION}] {name} (environment: AIRFLOW__{SECTION.upper()}__{name.upper()})"
    return f"{option} is not set; set it" if found["type"] == "missing" else f"{option} is wrong: {_reason(found)}"


def _reason(found: ErrorDetails) -> str:
    return found["msg"].removeprefix("Value error, ")
