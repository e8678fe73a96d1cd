"""The same three calls as the item `bench`, as somebody would write them with Airflow alone."""

from __future__ import annotations

import datetime as dt

from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG, chain

BODY = '{"text": "{{ params.text }}", "channel": "#bench"}'

with DAG(
    dag_id="handwritten",
    description="Three HTTP calls, one after the other, each waited for in the triggerer.",
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,
    # As high as the compiled DAGs have it, and as many tasks: 200 runs at once must not wait for each other.
    max_active_runs=1000,
    max_active_tasks=3000,
    params={"text": "measured"},
    # As the item has it. It is needed: on a busy machine Airflow takes a task whose trigger fires before its worker has
    # ended for a lost one, and tries it again; after its default of five minutes, if nothing else is said.
    default_args={"retries": 3, "retry_delay": dt.timedelta(seconds=1)},
):
    calls = [
        HttpOperator(
            task_id=f"call_{number}",
            http_conn_id="bench_target",
            method="POST",
            endpoint="/notifications",
            headers={"Content-Type": "application/json"},
            data=BODY,
            deferrable=True,
            warn_on_non_idempotent=False,
        )
        for number in (1, 2, 3)
    ]
    chain(*calls)
