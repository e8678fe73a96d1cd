"""Logs of tasks as Airflow 3.3.2 writes them: the lines were taken from a running stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow.configuration import conf

DAY = "2026-01-31"
"""On which everything happens."""


def line(second: float, event: str, *, level: str = "info", **fields: Any) -> str:
    """A line that Airflow or a library wrote, at that second after ten."""
    return json.dumps({"timestamp": moment(second), "level": level, "event": event, **fields}) + "\n"


def told(second: float, event: str, *, level: str = "info", action: str = "a", **fields: Any) -> str:
    """A line that an action wrote."""
    of_request = {"request_id": "r", "action": action, "correlation_id": "c"}
    where = {"logger": "pao.action", "filename": "action_log.py", "lineno": 56, "map_index": -1, "ti_id": "t"}
    return line(second, event, level=level, **(of_request | fields | where))


def moment(second: float) -> str:
    """That second, as Airflow writes it."""
    return f"{DAY}T10:{int(second) // 60:02}:{second % 60:09.6f}Z"


def trigger_log(text: str, *, action: str = "a") -> str:
    """What a triggerer wrote around what an action wrote."""
    name = f"default.queue/r/{action}/-1/1 (ID 1)"
    first = line(0.1, f"trigger {name} starting", filename="triggerer_job_runner.py", lineno=1591)
    last = line(59, "trigger completed", name=name, filename="triggerer_job_runner.py", lineno=1692)
    return first + text + last


def write_log(
    run: Any, task_id: str, text: str | bytes, *, try_number: int = 1, suffix: str = ".trigger.4.log"
) -> Path:
    """Write the log of a task's try where Airflow does, or add to it; `run` is its DAG's id and its own."""
    dag_id, run_id = run
    folder = Path(conf.get_mandatory_value("logging", "base_log_folder"))
    path = folder / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}" / f"attempt={try_number}.log{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path
