"""Ours, seen as the peers are: its run's end is Airflow's own `end_date`, from which a request's status is derived."""

from __future__ import annotations

from bench.calls import Caller
from bench.peers.engine import Engine
from bench.stack import MeasuredStack
from bench.ways import STEPS

OURS = "PAO"
ENDED = f"""
SELECT count(*) FILTER (WHERE state = 'success'), count(*) FILTER (WHERE state <> 'success'),
       extract(epoch FROM max(end_date))
FROM dag_run
WHERE dag_id = 'default.{STEPS}' AND state IN ('success', 'failed') AND end_date >= to_timestamp(%(since)s)
"""


def ours(stack: MeasuredStack) -> Engine:
    """The item with the three recorded calls, ordered as a developer does."""
    url = stack.environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "", 1)
    return Engine(account=stack.developer, submit=_submit, ended=ENDED, database=url)


def _submit(caller: Caller, run: str) -> None:
    caller.call("POST", "/api/v1/requests", body={"item_id": STEPS, "fields": {"text": run}}, wanted=202)
