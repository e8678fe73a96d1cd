"""Deletes what has been kept for long enough: requests that have ended with their runs and logs, and old audit."""

from __future__ import annotations

import datetime as dt

import structlog
from airflow.sdk import DAG, task
from pao_airflow.service import service_client

log = structlog.get_logger(__name__)

LONGEST = dt.timedelta(hours=1)
"""What is not done by then is left to the next day."""

with DAG(
    "retention",
    description="Delete what was kept long enough",
    doc_md=__doc__,
    schedule="23 3 * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags={"pao", "platform"},
) as dag:

    @task(retries=2, retry_delay=dt.timedelta(minutes=1))
    def delete_old() -> None:
        """Ask the API to delete a part at a time, until nothing is left or time is up."""
        end = dt.datetime.now(dt.UTC) + LONGEST
        more = True
        with service_client() as client:
            while more and dt.datetime.now(dt.UTC) < end:
                done = client.apply_retention()
                log.info("deleted", **done.model_dump())
                more = done.more

    delete_old()
