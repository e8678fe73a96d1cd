"""Airflow's own REST API in tests, as an operator uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.live.waiting import wait_for


@dataclass(frozen=True, kw_only=True)
class AirflowApi:
    """Signed in as the administrator."""

    http: httpx.Client

    def run(self, dag_id: str, conf: dict[str, Any] | None = None, *, run_id: str | None = None) -> dict[str, Any]:
        """Trigger a DAG as its page does, under an id where one is given, and wait until that run has ended."""
        body = {"logical_date": None, "conf": conf or {}, "dag_run_id": run_id}
        made = self._call("POST", f"/dags/{dag_id}/dagRuns", json=body)
        return self.ended(dag_id, made["dag_run_id"])

    def ended(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """A run, once it has ended."""
        where = f"/dags/{dag_id}/dagRuns/{run_id}"

        def over() -> dict[str, Any] | None:
            run = self._call("GET", where)
            return run if run["state"] in {"success", "failed"} else None

        return wait_for(over, f"the run of {dag_id} ends")

    def mark_failed(self, dag_id: str, run_id: str) -> None:
        """Mark a run failed, which calls nobody back."""
        self._call("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", json={"state": "failed"})

    def clear_run(self, dag_id: str, run_id: str) -> None:
        """Have a run start again from its beginning."""
        body = {"dry_run": False, "only_failed": False}
        self._call("POST", f"/dags/{dag_id}/dagRuns/{run_id}/clear", json=body)

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Keep a DAG's runs from starting, or let them."""
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": paused})

    def mark_task(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task as a person does."""
        where = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        self._call("PATCH", where, json={"new_state": state})

    def clear_task(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Have a task run again, whatever it is at."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "only_failed": False}
        self._call("POST", f"/dags/{dag_id}/clearTaskInstances", json=body)

    def links(self, dag_id: str, run_id: str, task_id: str) -> dict[str, str | None]:
        """The buttons on a task that lead elsewhere."""
        where = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/links"
        links: dict[str, str | None] = self._call("GET", where)["extra_links"]
        return links

    def variable(self, key: str, value: str) -> None:
        """Make a Variable."""
        self._call("POST", "/variables", json={"key": key, "value": value})

    def connection(self, connection_id: str, conn_type: str, **parts: Any) -> None:
        """Make a connection."""
        self._call("POST", "/connections", json={"connection_id": connection_id, "conn_type": conn_type, **parts})

    def log(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
        """The log of a task's first try; `map_index` counts the instances of a mapped one."""
        where = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/1"
        return str(self._call("GET", where, params={"map_index": map_index}))

    def everything_of(self, dag_id: str, run_id: str) -> str:
        """What Airflow shows of a run: itself, its tasks, their outputs and logs."""
        where = f"/dags/{dag_id}/dagRuns/{run_id}"
        tasks = self._call("GET", f"{where}/taskInstances")["task_instances"]
        shown = [self._call("GET", where), tasks]
        for task in tasks:
            entries = f"{where}/taskInstances/{task['task_id']}/xcomEntries"
            left = self._call("GET", entries)["xcom_entries"]
            shown += [self._call("GET", f"{entries}/{entry['key']}") for entry in left]
            shown.append(self.log(dag_id, run_id, task["task_id"]))
        return str(shown)

    def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = self.http.request(method, f"/api/v2{path}", **more)
        assert answer.is_success, answer.text
        return answer.json()
