"""Where a run's state is: the item's own backend, or the platform's database with a state for each request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, Connection
from pao_actions.exceptions import PermanentError
from pao_actions.http_call import find_connection
from pao_actions.terraform.config import BackendConfig, TerraformConfig

SCHEMA = "pao_terraform"
"""The schema of the platform's database that holds the states, unless the connection's extra names another."""

_BY_ENVIRONMENT: Mapping[str, Mapping[str, str]] = {
    "pg": {"conn_str": "PG_CONN_STR"},
    "http": {"username": "TF_HTTP_USERNAME", "password": "TF_HTTP_PASSWORD"},
    "gcs": {"credentials": "GOOGLE_BACKEND_CREDENTIALS", "encryption_key": "GOOGLE_ENCRYPTION_KEY"},
}
"""Secret arguments that a backend reads from a variable of its own.

Those of s3 and azurerm would be variables that the providers read as well, so they stay in the file of the run.
"""

_SKIPS = ("skip_schema_creation", "skip_table_creation", "skip_index_creation")
_LIBPQ = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name")
_WORKSPACE = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class StatePlace:
    """A backend as Terraform takes it."""

    kind: str
    arguments: Mapping[str, JsonValue]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    workspace: str | None = None
    of_request: bool = False
    """True where the state is that of one request, and goes with what it describes."""


async def state_place(config: TerraformConfig, context: ActionContext, name: str) -> StatePlace:
    """The place of a run's state; `name` is that of the request's own.

    Raises:
        PermanentError: if neither the item nor the deployment names one.
    """
    if config.backend is None:
        return await _platform(context, name)
    workspace = config.workspace
    if workspace is not None and not _WORKSPACE.fullmatch(workspace):
        raise PermanentError(f"'workspace' is '{workspace}'; only letters, digits, '_', '-' and '.' can stand there")
    return _own(config.backend, workspace, context)


def _own(backend: BackendConfig, workspace: str | None, context: ActionContext) -> StatePlace:
    by_environment = _BY_ENVIRONMENT.get(backend.type, {})
    path = backend.config.get("path")
    if backend.type == "local" and not (isinstance(path, str) and path.startswith("/")):
        raise PermanentError("the state would be lost with the run's folder: 'path' of the backend must begin with '/'")
    environment = {
        variable: str(value) for key, variable in by_environment.items() if (value := backend.config.get(key))
    }
    context.secrets.add(*environment.values())
    return StatePlace(
        kind=backend.type,
        arguments={key: value for key, value in backend.config.items() if by_environment.get(key) not in environment},
        environment=environment,
        workspace=workspace,
    )


async def _platform(context: ActionContext, name: str) -> StatePlace:
    connection_id = context.options.get("state_connection", "pao_terraform_state")
    try:
        connection = await find_connection(connection_id, context)
    except PermanentError as error:
        raise PermanentError(
            f"the item names no 'backend', and the platform's own place for states can't be used: {error}"
        ) from error
    conn_str = connection_string(connection)
    context.secrets.add(conn_str, *([connection.password] if connection.password else []))
    extra = connection.extra
    arguments: dict[str, JsonValue] = {"schema_name": str(extra.get("schema_name") or SCHEMA)}
    arguments |= {key: True for key in _SKIPS if extra.get(key) in (True, "true")}
    return StatePlace(
        kind="pg",
        arguments=arguments,
        environment={"PG_CONN_STR": conn_str},
        workspace=name,
        of_request=True,
    )


def connection_string(connection: Connection) -> str:
    """A connection of type postgres in the form that Terraform's driver reads; a host from '/' on is a socket's folder.

    Raises:
        PermanentError: if it names no host.
    """
    if not connection.host:
        raise PermanentError(f"connection '{connection.id}' has no host; give it that of a PostgreSQL database")
    parts: dict[str, JsonValue] = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
    }
    parts |= {key: connection.extra.get(key) for key in _LIBPQ}
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in parts.items() if value not in (None, ""))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
