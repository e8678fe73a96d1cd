"""Links to what actions make or wait for outside: a button on their tasks in Airflow's UI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import BaseOperatorLink

from catalog_compiler.run_format import PROGRESS_KEY, REPORT_KEY, decode
from pao_airflow.operators import ActionOperator, UndoOperator, WorkerActionOperator
from pao_airflow.shown_links import shown_link


class OutsideLink(BaseOperatorLink):
    """Leads to the ticket, the run or whatever else an action told of, while it runs and after."""

    name = "Open what it made"
    operators = [ActionOperator, WorkerActionOperator, UndoOperator]  # noqa: RUF012 - as Airflow declares it

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Read it from what this try left; empty where it left none, so that the button is dimmed.

        Called by the API server alone, which has the database at hand.
        """
        left = _left(ti_key)
        told = (left.get(key) or {} for key in (REPORT_KEY, PROGRESS_KEY))
        links = (shown_link(each.get("url")) for each in told if each.get("try_number") == ti_key.try_number)
        return next((link for link in links if link), "")


def _left(ti_key: Any) -> Mapping[str, Any]:
    """The report and the progress of a task."""
    # Imported here: no other process that loads the plugin may touch the database.
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(XComModel.key, XComModel.value).where(
        XComModel.dag_id == ti_key.dag_id,
        XComModel.run_id == ti_key.run_id,
        XComModel.task_id == ti_key.task_id,
        XComModel.key.in_((REPORT_KEY, PROGRESS_KEY)),
    )
    with create_session(scoped=False) as session:
        return {row.key: decode(row.value) for row in session.execute(query)}
