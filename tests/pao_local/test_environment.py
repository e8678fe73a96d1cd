"""The environment of a local stack: complete, and independent of the caller's own Airflow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pao_local.catalog_source import CatalogSource
from pao_local.daemons import Daemons
from pao_local.environment import airflow_environment, process_environment
from pao_local.secret_keys import load_or_make
from pao_local.settings import Settings

OURS = "PAO"
"""The section of settings that Airflow does not know."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=Path("/srv/pao"), state=tmp_path, port=9000, catalog="")


@pytest.fixture
def environment(settings: Settings, tmp_path: Path) -> dict[str, str]:
    source = CatalogSource(url="https://git.example.com/catalog.git", branch="release")
    return airflow_environment(settings, load_or_make(tmp_path / "secrets.json"), source, "postgresql+psycopg2:///x")


def test_every_setting_is_one_that_airflow_has(environment):
    """A misspelled setting is silently ignored by Airflow."""
    import airflow

    template = Path(airflow.__file__).parent / "config_templates" / "config.yml"
    known = yaml.safe_load(template.read_text())
    settings = [name.split("__")[1:] for name in environment if name.startswith("AIRFLOW__")]

    unknown = [
        (section, key)
        for section, key in settings
        if section != OURS and key.lower() not in known[section.lower()]["options"]
    ]
    assert unknown == []


def test_the_catalog_bundle_follows_what_was_asked_for(environment):
    """The bundle's name is the catalog's."""
    bundles = {each["name"]: each for each in json.loads(environment["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])}

    assert bundles["default"]["kwargs"]["repo_url"] == "https://git.example.com/catalog.git"
    assert bundles["default"]["kwargs"]["tracking_ref"] == "release"
    assert bundles["platform"]["kwargs"]["path"] == "/srv/pao/dags"


@pytest.mark.parametrize(
    ("triggerers", "runs", "rest"),
    [(("pao",), "5", "0.6"), (("pao", "airflow"), "5", "0.6"), (("airflow",), "100", "0.1")],
)
def test_the_scheduler_looks_at_more_runs_where_no_triggerer_takes_them_on(settings, tmp_path, triggerers, runs, rest):
    """Airflow's own leaves each step of a request to it."""
    alone = replace(settings, daemons=Daemons(triggerers=triggerers))
    source = CatalogSource(url="/catalog", branch="main")
    made = airflow_environment(alone, load_or_make(tmp_path / "secrets.json"), source, "x")

    names = ("MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE", "SCHEDULER_IDLE_SLEEP_TIME")
    assert [runs, rest] == [made[f"AIRFLOW__SCHEDULER__{name}"] for name in names]


def test_each_further_catalog_is_a_bundle(settings, tmp_path):
    """Each follows its own ref."""
    keys = load_or_make(tmp_path / "secrets.json")
    further = {"staging": CatalogSource(url="/catalog", branch="next")}
    made = airflow_environment(settings, keys, CatalogSource(url="/catalog", branch="main"), "x", further)

    bundles = {each["name"]: each for each in json.loads(made["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])}
    assert {"default": "main", "staging": "next"} == {
        name: bundles[name]["kwargs"]["tracking_ref"] for name in ("default", "staging")
    }


def test_urls_carry_the_port(environment):
    """`PORT` moves everything that names the API server."""
    assert environment["AIRFLOW__API__PORT"] == "9000"
    assert environment["AIRFLOW__API__BASE_URL"] == "http://localhost:9000"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:9000/execution/"
    assert json.loads(environment["AIRFLOW_CONN_PAO_API"])["port"] == 9000


def test_another_airflow_of_the_caller_has_no_say(settings, environment):
    """But variables and connections do: they are how a catalog gets its secrets."""
    caller = {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "AIRFLOW_HOME": "/home/me/airflow",
        "AIRFLOW_CONFIG": "/home/me/airflow.cfg",
        "AIRFLOW_IS_K8S_EXECUTOR_POD": "True",
        "AIRFLOW_VAR_PAO_TOKEN": "kept",
        "AIRFLOW_CONN_VAULT": "kept",
        "AIRFLOW__PAO__ORGANIZATION": "kept",
        "AIRFLOW__PAO__FILE_STORAGE": "kept",
        "AIRFLOW__PAO__FERNET_KEY": "another one",
        "AIRFLOWISH": "kept",
    }

    result = process_environment(caller, environment, settings)

    assert result["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW__LOGGING__LOGGING_LEVEL" not in result
    assert result["AIRFLOW_HOME"] == str(settings.airflow_home)
    assert set(result) & {"AIRFLOW_CONFIG", "AIRFLOW_IS_K8S_EXECUTOR_POD"} == set()
    ours = {"AIRFLOW__PAO__ORGANIZATION", "AIRFLOW__PAO__FILE_STORAGE"}
    assert result["AIRFLOW__PAO__FERNET_KEY"] == environment["AIRFLOW__PAO__FERNET_KEY"]
    assert {"AIRFLOW_VAR_PAO_TOKEN", "AIRFLOW_CONN_VAULT", "AIRFLOWISH", *ours} == {
        name for name, value in result.items() if value == "kept"
    }
