"""The environment of Terraform and git: little of the worker's own, so that none of its secrets reach a repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from catalog_compiler.actions import Connection
from pao_actions.exceptions import PermanentError
from pao_actions.terraform.folders import RunFolder, SharedFolder

_INHERITED = frozenset(
    {
        "PATH",
        "LANG",
        "LC_ALL",
        "TZ",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "GIT_SSL_CAINFO",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    }
)
"""What a program needs to find its files and its way out."""

_FORBIDDEN = ("AIRFLOW", "PAO_", "TF_", "GIT_", "PG_CONN", "LD_", "PYTHON")
"""Starts of names that a connection can't set: they are the worker's, or decide how Terraform runs."""

_REGISTRY_TOKEN = "TF_TOKEN_"  # noqa: S105 - the start of names


def base_environment(worker: Mapping[str, str], folder: RunFolder) -> dict[str, str]:
    """What every program of a run gets of the worker's environment, and a home of its own."""
    inherited = {name: value for name, value in worker.items() if name in _INHERITED}
    return {**inherited, "HOME": str(folder.made("home")), "TMPDIR": str(folder.made("tmp"))}


def terraform_environment(worker: Mapping[str, str], folder: RunFolder, shared: SharedFolder) -> dict[str, str]:
    """What Terraform gets beside the credentials."""
    environment = base_environment(worker, folder) | {
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_DATA_DIR": str(folder.data),
        "TF_PLUGIN_CACHE_DIR": str(shared.plugins),
        "CHECKPOINT_DISABLE": "1",
    }
    # The operators' own settings: mirrors of providers, say.
    named = worker.get("TF_CLI_CONFIG_FILE") or str(Path(worker.get("HOME", "/")) / ".terraformrc")
    if Path(named).is_file():
        environment["TF_CLI_CONFIG_FILE"] = named
    return environment


def credential_variables(connection: Connection, worker: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a connection for providers.

    Those of its extra's `env`; the worker's own that its extra's `inherit` lists; and of connections of type `aws`,
    `google_cloud_platform` and `azure` what their providers read.

    Raises:
        PermanentError: if the extra can't be read, or names what it can't set.
    """
    kind = _BY_TYPE.get(connection.type)
    found = kind(connection) if kind else {}
    env, inherit = connection.extra.get("env", {}), connection.extra.get("inherit", [])
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise PermanentError(f"connection '{connection.id}': 'env' of its extra is not an object of texts; correct it")
    if not isinstance(inherit, list):
        raise PermanentError(f"connection '{connection.id}': 'inherit' of its extra is not a list of names; correct it")
    own = {name: worker[name] for name in map(str, inherit) if name in worker}
    variables = {**found, **own, **{name: str(value) for name, value in env.items()}}
    for name in variables:
        if name.upper().startswith(_FORBIDDEN) and not name.startswith(_REGISTRY_TOKEN):
            raise PermanentError(
                f"connection '{connection.id}' sets '{name}', which Terraform must not get from there; take it out"
            )
    if not variables:
        raise PermanentError(
            f"connection '{connection.id}' holds no credentials for Terraform; put environment variables into its "
            'extra, as in {"env": {"NAME": "value"}}'
        )
    return variables


def _aws(connection: Connection) -> dict[str, str]:
    return _set(
        AWS_ACCESS_KEY_ID=connection.login,
        AWS_SECRET_ACCESS_KEY=connection.password,
        AWS_SESSION_TOKEN=connection.extra.get("aws_session_token"),
        AWS_REGION=connection.extra.get("region_name"),
    )


def _google(connection: Connection) -> dict[str, str]:
    extra = connection.extra
    return _set(
        GOOGLE_CREDENTIALS=extra.get("keyfile_dict") or extra.get("key_path"),
        GOOGLE_PROJECT=extra.get("project"),
    )


def _azure(connection: Connection) -> dict[str, str]:
    extra = connection.extra
    return _set(
        ARM_CLIENT_ID=connection.login,
        ARM_CLIENT_SECRET=connection.password,
        ARM_TENANT_ID=extra.get("tenantId"),
        ARM_SUBSCRIPTION_ID=extra.get("subscriptionId"),
    )


_BY_TYPE = {"aws": _aws, "google_cloud_platform": _google, "azure": _azure}


def _set(**variables: JsonValue) -> dict[str, str]:
    return {name: value for name, value in variables.items() if isinstance(value, str) and value}
