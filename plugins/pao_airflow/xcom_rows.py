"""Stores XComs of a task over those of the same keys: one statement, in the caller's transaction."""

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
    place = {
        "dag_run_id": task.dag_run.id,
        "dag_id": task.dag_id,
        "run_id": task.run_id,
        "task_id": task.task_id,
        "map_index": task.map_index,
    }
    store_values(session, place, {key: XComModel.serialize_value(value) for key, value in xcoms.items()})


def store_values(session: Session, place: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Store values, which are serialized already, by key; `place` has the columns that name the task."""
    more = {"timestamp": dt.datetime.now(dt.UTC), "dag_result": False}
    stored = insert(XComModel).values([{**place, **more, "key": key, "value": value} for key, value in values.items()])
    anew = {column: stored.excluded[column] for column in ("value", "timestamp", "dag_result")}
    session.execute(
        stored.on_conflict_do_update(index_elements=["dag_run_id", "task_id", "map_index", "key"], set_=anew)
    )
