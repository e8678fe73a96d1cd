"""Synchronises the catalogs with their repositories, and shows how it went: the operator's view of publishing.

The DAG processor refreshes catalogs by itself; this asks for it now, waits until what is published is ready to run, and
fails where something is not. Trigger it by hand after a push, or with `{"catalog": "<name>"}`.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import structlog
from airflow.sdk import DAG, Param, get_current_context, task
from pao_airflow.service import service_client

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 60
READY_SECONDS = 600

with DAG(
    "catalog_sync",
    description="Bring the catalogs up to date with their repositories",
    doc_md=__doc__,
    schedule="*/15 * * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    params={"catalog": Param("default", type="string", title="Catalog")},
    tags={"pao", "platform"},
) as dag:

    @task(retries=2, retry_delay=dt.timedelta(seconds=10))
    def refresh() -> dict[str, Any]:
        """Have the repository looked at, and wait until that has happened."""
        catalog = get_current_context()["params"]["catalog"]
        with service_client() as client:
            before = client.refresh_catalog(catalog)
            deadline = time.monotonic() + REFRESH_SECONDS
            while time.monotonic() < deadline:
                state = client.catalog_state(catalog)
                if state["failing_since"]:
                    raise RuntimeError(f"the repository of '{catalog}' can't be read: {state['failure']}")
                if state["refreshed_at"] != before["refreshed_at"]:
                    log.info("catalog refreshed", before=before["commit"], now=state["commit"])
                    return state
                time.sleep(0.5)
        raise RuntimeError(f"'{catalog}' was not refreshed within {REFRESH_SECONDS} s; look at the DAG processor's log")

    @task
    def converge() -> None:
        """Wait until every published item can be ordered at its newest revision."""
        catalog = get_current_context()["params"]["catalog"]
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
        catalog = get_current_context()["params"]["catalog"]
        with service_client() as client:
            state = client.catalog_state(catalog)
        for problem in state["problems"]:
            log.warning("catalog problem", **problem)
        if state["invalid"]:
            log.warning("items served at their last valid revision", items=state["invalid"])

    refresh() >> converge() >> report()
