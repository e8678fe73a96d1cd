"""Stores what a task left as it ended: one statement, in the transaction that ends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session


def store_xcoms(session: Session, task: TaskInstance, xcoms: Mapping[str, Any]) -> None:
    """Store XComs of a task over those of the same keys, as `TaskInstance.xcom_push` does one by one."""
    if not xcoms:
        return
    now = dt.datetime.now(dt.UTC)
    rows = [
        {
            "dag_run_id": task.dag_run.id,
            "task_id": task.task_id,
            "map_index": task.map_index,
            "key": key,
            "dag_id": task.dag_id,
            "run_id": task.run_id,
            "value": XComModel.serialize_value(value),
            "timestamp": now,
            "dag_result": False,
        }
        for key, value in xcoms.items()
    ]
    stored = insert(XComModel).values(rows)
    anew = {column: stored.excluded[column] for column in ("value", "timestamp", "dag_result")}
    session.execute(
        stored.on_conflict_do_update(index_elements=["dag_run_id", "task_id", "map_index", "key"], set_=anew)
    )
