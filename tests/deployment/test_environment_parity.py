"""The deployment files set what the local start sets, but for what differs on purpose, each with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

HERE_ONLY = "absent"
"""The local start alone sets it."""

EVERYWHERE = {
    "AIRFLOW_HOME": f"{HERE_ONLY}: the image has its own",
    "AIRFLOW_CONN_PAO_API": "names the API server of that deployment",
    "AIRFLOW_CONN_PAO_TERRAFORM_STATE": "names the database of that deployment",
    "AIRFLOW_CONN_TARGET": f"{HERE_ONLY}: the example target is for the local start",
    "AIRFLOW_VAR_PAO_TARGET_TOKEN": f"{HERE_ONLY}: the example target is for the local start",
    "AIRFLOW_VAR_PAO_TARGET_URL": f"{HERE_ONLY}: the example target is for the local start",
    "AIRFLOW__API__BASE_URL": "where people reach that deployment",
    "AIRFLOW__API__HOST": f"{HERE_ONLY}: containers listen on all addresses, as is Airflow's default",
    "AIRFLOW__API__PORT": f"{HERE_ONLY}: containers keep Airflow's default",
    "AIRFLOW__CORE__DAGS_FOLDER": "where the image has them",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "the API server has a name of its own there",
    "AIRFLOW__CORE__EXECUTOR": "one machine or many",
    "AIRFLOW__CORE__FERNET_KEY": "a secret of that deployment",
    "AIRFLOW__CORE__PARALLELISM": f"{HERE_ONLY}: there, workers bound what runs at once",
    "AIRFLOW__CORE__PLUGINS_FOLDER": f"{HERE_ONLY}: the image's own is empty",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": "paths, and the catalog's address",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": "a path in the image",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "the database of that deployment",
    "AIRFLOW__API__SECRET_KEY": "a secret of that deployment",
    "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of that deployment",
    "AIRFLOW__PAO__ALLOW_PRIVATE_ADDRESSES": f"{HERE_ONLY}: elsewhere private addresses are refused unless allowed",
    "AIRFLOW__PAO__BASE_URL": "where people reach that deployment",
    "AIRFLOW__PAO__FERNET_KEY": "a secret of that deployment",
    "AIRFLOW__PAO__FILE_STORAGE": "a folder here, a volume there",
    "AIRFLOW__PAO__TERRAFORM_FOLDER": "a path in the image",
}
REDIS = {"AIRFLOW__PAO__REDIS_URL": "one machine needs none; compose has that of Celery, the chart's has a password"}
COMPOSE_ONLY = {
    "AIRFLOW__CELERY__BROKER_URL": "Celery is for many machines",
    "AIRFLOW__CELERY__RESULT_BACKEND": "Celery is for many machines",
}
DEPLOYED_ONLY = {
    "AIRFLOW__PAO__ALLOWED_TARGETS": "a local start lets actions reach every private address",
    "AIRFLOW__PAO__CATALOG_REPORT_CONNECTION": "a local start takes it from the environment of who starts it",
}
GIVEN_BY_THE_CHART = {
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__EXECUTOR",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
}
"""From `executor`, `data`, and the names of secrets in the values."""


def without(environment: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in names}


def compose_environment(compose: dict[str, Any]) -> dict[str, str]:
    return compose["services"]["scheduler"]["environment"]


def helm_environment(helm_values: dict[str, Any]) -> dict[str, str]:
    secrets = {each["envName"]: f"secret {each['secretKey']}" for each in helm_values["secret"]}
    return {each["name"]: each["value"] for each in helm_values["env"]} | secrets


def bundles(environment: dict[str, str]) -> list[tuple[str, str, set[str]]]:
    listed = json.loads(environment["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    return [(each["name"], each["classpath"], set(each["kwargs"])) for each in listed]


def test_compose_sets_what_the_local_start_sets(local_environment, compose):
    """A setting that is added to one is added to the other, or to the list of differences."""
    there = compose_environment(compose)

    assert without(local_environment, *EVERYWHERE) == without(there, *EVERYWHERE, *DEPLOYED_ONLY, *REDIS, *COMPOSE_ONLY)


def test_helm_sets_what_the_local_start_sets(local_environment, helm_values):
    """The same for the chart's values."""
    there = helm_environment(helm_values)

    assert without(local_environment, *EVERYWHERE) == without(there, *EVERYWHERE, *DEPLOYED_ONLY, *REDIS)


def test_what_is_not_for_the_local_start_alone_is_set_everywhere(compose, helm_values):
    """A difference in value is no excuse for leaving a setting out."""
    needed = {name for name, reason in EVERYWHERE.items() if not reason.startswith(HERE_ONLY)}

    assert needed - set(compose_environment(compose)) == set()
    assert needed - set(helm_environment(helm_values)) - GIVEN_BY_THE_CHART == set()


def test_what_is_for_deployments_alone_is_in_both_and_off(compose, helm_values):
    """Whoever deploys finds the setting there, and it needs nothing until it is set."""
    found = [compose_environment(compose), helm_environment(helm_values)]

    from_env = {f"${{{name.removeprefix('AIRFLOW__PAO__')}:-}}" for name in DEPLOYED_ONLY}
    assert [from_env, {""}] == [{each[name] for name in DEPLOYED_ONLY} for each in found]


def test_what_is_for_the_local_start_alone_is_nowhere_else(compose, helm_values):
    """Above all the leave to call private addresses."""
    here = {name for name, reason in EVERYWHERE.items() if reason.startswith(HERE_ONLY)}

    assert here & set(compose_environment(compose)) == set()
    assert here & set(helm_environment(helm_values)) == set()


def test_every_listed_difference_is_one(local_environment):
    """A setting that is gone leaves the list as well."""
    assert set(EVERYWHERE) - set(local_environment) == set()


@pytest.mark.parametrize("deployment", ["compose", "helm"])
def test_the_bundles_are_the_same(local_environment, compose, helm_values, deployment):
    """Names, classes and options; only their values differ."""
    there = compose_environment(compose) if deployment == "compose" else helm_environment(helm_values)

    assert bundles(local_environment) == bundles(there)
