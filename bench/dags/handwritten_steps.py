"""The same three calls as the item `bench-steps`, as somebody would write them with Airflow alone."""

from __future__ import annotations

import datetime as dt

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG, chain

with DAG(
    dag_id="handwritten_steps",
    description="Three recorded HTTP calls, one after the other, each waited for in the triggerer.",
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    # See `handwritten.py`, for these and for the retries.
    max_active_runs=1000,
    max_active_tasks=3000,
    params={"text": "measured"},
    default_args={"retries": 3, "retry_delay": dt.timedelta(seconds=1)},
):
    calls = [
        HttpOperator(
            task_id=f"call_{number}",
            http_conn_id="bench_recorder",
            method="POST",
            endpoint=f"/now/{{{{ params.text }}}}/{number}",
            deferrable=True,
            warn_on_non_idempotent=False,
        )
        for number in (1, 2, 3)
    ]
    chain(*calls)
