"""Brings every request that has not ended in step with Airflow, and starts rollbacks whose callback got lost."""

from __future__ import annotations

import datetime as dt

import structlog
from airflow.sdk import DAG, task
from pao_airflow.service import service_client

log = structlog.get_logger(__name__)

with DAG(
    "reconcile",
    description="Settle what callbacks missed",
    doc_md=__doc__,
    schedule="* * * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags={"pao", "platform"},
) as dag:

    @task(retries=2, retry_delay=dt.timedelta(seconds=5))
    def settle_all() -> None:
        """Ask the API to look at each request."""
        with service_client() as client:
            log.info("reconciled", **client.reconcile().model_dump(mode="json"))

    settle_all()
