"""Why items that are published are not served yet: what Airflow says of their DAGs."""

from __future__ import annotations

from collections.abc import Iterable

from airflow.models.dag import DagModel
from airflow.models.errors import ParseImportError
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_compiler.run_format import dag_id


def reasons(session: Session, catalog: str, item_ids: Iterable[str]) -> dict[str, str]:
    """A sentence for each of these items."""
    rollbacks = {item_id: dag_id(catalog, item_id, "rollback") for item_id in item_ids}
    if not rollbacks:
        return {}
    stale = dict(
        session.execute(select(DagModel.dag_id, DagModel.is_stale).where(DagModel.dag_id.in_(rollbacks.values()))).all()
    )
    errors = dict(
        session.execute(
            select(ParseImportError.filename, ParseImportError.stacktrace).where(
                ParseImportError.bundle_name == catalog
            )
        ).all()
    )
    return {item_id: _reason(errors.get(f"{item_id}.py"), stale=stale.get(one)) for item_id, one in rollbacks.items()}


def _reason(import_error: str | None, *, stale: bool | None) -> str:
    if import_error:
        return f"its DAG can't be imported: {import_error.strip().splitlines()[-1]}"
    if stale is None:
        return "Airflow has not parsed its DAG yet"
    if stale:
        return "Airflow takes its DAG for stale: the DAG processor does not find its file"
    return "Airflow has not parsed its DAG's new revision yet"
