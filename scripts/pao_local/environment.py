"""The environment of Airflow in a local start: every setting that differs from Airflow's default, at one place.

The deployment files carry the same settings; `tests/deployment` holds the reasoned list of what differs there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pao_local.catalog_source import CatalogSource
from pao_local.secret_keys import SecretKeys
from pao_local.settings import Settings

STACK_MARK = "PAO_LOCAL_STACK"
"""Holds the state folder in every process of a stack, so that a left-over is known as ours."""

OF_A_CATALOG = ("AIRFLOW_CONN_", "AIRFLOW_VAR_", "AIRFLOW__PAO__")
"""How the caller gives connections, variables and options of ours; every other name is of an Airflow of their own."""

OF_THE_CALLER = ("AIRFLOW__PAO__FILE_STORAGE",)
"""What a start sets, unless the caller does."""


def airflow_environment(
    settings: Settings,
    keys: SecretKeys,
    source: CatalogSource,
    database_url: str,
    further: Mapping[str, CatalogSource] = MappingProxyType({}),
) -> dict[str, str]:
    """Everything that Airflow's processes and commands of this stack need, and nothing of the caller's own Airflow."""
    return {
        "AIRFLOW_HOME": str(settings.airflow_home),
        **_core(settings, keys, database_url),
        **_engine(settings),
        **_dag_processing(settings, {"default": source, **further}),
        **_pao(settings, keys),
        **_terraform(settings),
        **_example_target(settings, keys),
    }


def process_environment(caller: Mapping[str, str], airflow: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The caller's environment with Airflow's settings replaced; what `OF_A_CATALOG` lists stays, if nothing is set."""
    kept = {
        name: value
        for name, value in caller.items()
        if not name.startswith("AIRFLOW_") or name.startswith(OF_A_CATALOG)
    }
    path = os.pathsep.join([str(settings.bin), caller.get("PATH", os.defpath)])
    own = {name: kept[name] for name in OF_THE_CALLER if name in kept}
    return {**kept, **airflow, **own, "PATH": path, "PYTHONUNBUFFERED": "1"}


def _core(settings: Settings, keys: SecretKeys, database_url: str) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.root / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{settings.port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": keys.airflow_fernet_key,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # By default what is parsed within 30 s of the last change of a DAG is thrown away: the second of two quick
        # pushes would not be served before that file is parsed again, and caches would hold the first.
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
        # Each unit is a process on this machine; actions run on the triggerer and need none.
        "AIRFLOW__CORE__PARALLELISM": "4",
        # Our plugins come by entry points; an empty folder keeps Airflow from importing them a second time.
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.airflow_home / "plugins"),
        "AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS": (
            "airflow.providers.fab.auth_manager.models.db.FABDBManager,api_plugin.store.db_manager.PaoDBManager"
        ),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database_url,
        # The API server works in up to 40 threads. With fewer connections than those, many calls at once bring it to a
        # stop for 30 s: its event loop signs callers in, and waits there for a connection that only it could give back.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "45",
        "AIRFLOW__API__BASE_URL": settings.base_url,
        # A local start is for this machine alone.
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(settings.port),
        "AIRFLOW__API__SECRET_KEY": keys.api_secret_key,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": keys.jwt_secret,
    }


def _engine(settings: Settings) -> dict[str, str]:
    # `pao triggerer` takes requests on by itself: the scheduler is there for tasks on workers, for what waits for
    # its turn, and for what is locked. With Airflow's 1 s those wait for longer. With its 20 runs a loop, or with
    # shorter rests, it looks at waiting requests all the time: a fifth of a core, however few there are.
    runs, rest = "5", "0.6"
    if "pao" not in settings.daemons.triggerers:
        # Then each step of a request waits until the scheduler comes to its run.
        runs, rest = "100", "0.1"
    return {
        "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE": runs,
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": rest,
        # What a dead scheduler had given to workers waits for this look, and for half a minute without its reports.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        # Each waiting action takes one place.
        "AIRFLOW__TRIGGERER__CAPACITY": "10000",
        # One that reports no more for a few seconds, and whose connection is gone, is dead: others take on its work.
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
        # To find the line of code that each line of log comes from takes a twelfth of the API server's time.
        "AIRFLOW__LOGGING__CALLSITE_PARAMETERS": "",
        # An API server that is restarted is away for longer than the 15 s after which a worker would give up.
        "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "60",
    }


def _dag_processing(settings: Settings, sources: Mapping[str, CatalogSource]) -> dict[str, str]:
    bundles: list[dict[str, object]] = [
        _folder("platform", settings.root / "dags"),
        *(_catalog(name, source) for name, source in sources.items()),
    ]
    if settings.dags is not None:
        bundles.append(_folder("written", settings.dags))
    return {
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(settings.state / "bundles"),
        "AIRFLOW__DAG_PROCESSOR__FILE_PARSING_SORT_MODE": "modified_time",
        # A stub changes with its item alone, which the bundle's version tells; parsing again would find the same.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    }


def _catalog(name: str, source: CatalogSource) -> dict[str, object]:
    """The bundle of a catalog."""
    return {
        "name": name,
        "classpath": "catalog_compiler.airflow.bundle.CatalogBundle",
        "kwargs": {"tracking_ref": source.branch, "repo_url": source.url, "refresh_interval": 5},
    }


def _folder(name: str, path: Path) -> dict[str, object]:
    """The bundle of a plain folder of DAGs."""
    return {
        "name": name,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(path), "refresh_interval": 30},
    }


def _pao(settings: Settings, keys: SecretKeys) -> dict[str, str]:
    api = {
        "conn_type": "http",
        "host": "127.0.0.1",
        "port": settings.port,
        "schema": "http",
        "login": "pao",
        "password": keys.service_api_key,
    }
    return {
        "AIRFLOW__PAO__BASE_URL": settings.base_url,
        "AIRFLOW__PAO__FILE_STORAGE": f"file://{settings.state / 'files'}",
        "AIRFLOW__PAO__FERNET_KEY": keys.pao_fernet_key,
        # The example target listens on the loopback address.
        "AIRFLOW__PAO__ALLOW_PRIVATE_ADDRESSES": "True",
        "AIRFLOW_CONN_PAO_API": json.dumps(api),
    }


def _terraform(settings: Settings) -> dict[str, str]:
    """What Terraform's runs share, and their states: in the stack's own database, on its Unix socket."""
    states = {
        "conn_type": "postgres",
        "host": str(settings.database),
        "login": "postgres",
        "schema": "postgres",
    }
    return {
        "AIRFLOW__PAO__TERRAFORM_FOLDER": str(settings.state / "terraform"),
        "AIRFLOW_CONN_PAO_TERRAFORM_STATE": json.dumps(states),
    }


def _example_target(settings: Settings, keys: SecretKeys) -> dict[str, str]:
    url = f"http://127.0.0.1:{settings.target_port}"
    target = {
        "conn_type": "http",
        "host": "127.0.0.1",
        "port": settings.target_port,
        "schema": "http",
        "password": keys.target_token,
    }
    return {
        "AIRFLOW_CONN_TARGET": json.dumps(target),
        "AIRFLOW_VAR_PAO_TARGET_TOKEN": keys.target_token,
        "AIRFLOW_VAR_PAO_TARGET_URL": url,
        # What the target itself expects.
        "TARGET_TOKEN": keys.target_token,
    }
