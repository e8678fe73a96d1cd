"""Synchronises the catalogs with their repositories, and shows how it went: the operator's view of publishing.

The DAG processor refreshes catalogs by itself; this asks for it now, waits until what is published is ready to run, and
fails where something is not. Trigger it by hand after a push; for another catalog than the default one with
`{"catalog": "<name>"}`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any

import structlog
from airflow.sdk import DAG, Param, get_current_context, task
from pao_airflow.configuration import pao_settings
from pao_airflow.service import service_client

from api_plugin.client import ApiClient

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 60
READY_SECONDS = 600


def refreshed(client: ApiClient, catalog: str, *, seconds: float, every: float) -> dict[str, Any]:
    """The catalog's state once its repository was looked at after this call; raises RuntimeError where that failed.

    A failure from before says nothing of this look, so it counts only where no success follows within `seconds`.
    """
    before = client.refresh_catalog(catalog)
    deadline = time.monotonic() + seconds
    while True:
        state = client.catalog_state(catalog)
        if state["refreshed_at"] != before["refreshed_at"] and not state["failing_since"]:
            log.info("catalog refreshed", before=before["commit"], now=state["commit"])
            return state
        late = time.monotonic() >= deadline
        if state["failing_since"] and (late or state["failing_since"] != before["failing_since"]):
            raise RuntimeError(f"the repository of '{catalog}' can't be read: {state['failure']}")
        if late:
            raise RuntimeError(f"'{catalog}' was not refreshed within {seconds:g} s; look at the DAG processor's log")
        time.sleep(every)


def catalog_of(params: Mapping[str, Any]) -> str:
    """The catalog that a run is for: the one that was asked for, or the default one of the configuration."""
    return str(params["catalog"] or pao_settings().default_catalog)


with DAG(
    "catalog_sync",
    description="Bring the catalogs up to date with their repositories",
    doc_md=__doc__,
    schedule="*/15 * * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    params={"catalog": Param(None, type=["null", "string"], title="Catalog", description="Without one: the default.")},
    tags={"pao", "platform"},
) as dag:

    @task(retries=2, retry_delay=dt.timedelta(seconds=10))
    def refresh() -> dict[str, Any]:
        """Have the repository looked at, and wait until that has happened."""
        with service_client() as client:
            return refreshed(client, catalog_of(get_current_context()["params"]), seconds=REFRESH_SECONDS, every=0.5)

    @task
    def converge() -> None:
        """Wait until every published item can be ordered at its newest revision."""
        catalog = catalog_of(get_current_context()["params"])
        pending: list[str] = []
        with service_client() as client:
            deadline = time.monotonic() + READY_SECONDS
            while time.monotonic() < deadline:
                pending = client.catalog_state(catalog)["pending"]
                if not pending:
                    return
                log.info("items getting ready", items=pending)
                time.sleep(1)
        raise RuntimeError(
            f"not ready within {READY_SECONDS} s: {', '.join(pending)}; look for import errors of their DAGs"
        )

    @task
    def report() -> None:
        """Name what is wrong in the published commit. Its items are served at their last valid revision."""
        catalog = catalog_of(get_current_context()["params"])
        with service_client() as client:
            state = client.catalog_state(catalog)
        for problem in state["problems"]:
            log.warning("catalog problem", **problem)
        if state["invalid"]:
            log.warning("items served at their last valid revision", items=state["invalid"])

    refresh() >> converge() >> report()
