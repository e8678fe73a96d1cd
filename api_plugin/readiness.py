"""Whether an item's DAGs are ready for a revision: their serialized form holds it. A version label proves nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from airflow.models.dag import DagModel
from airflow.models.serialized_dag import SerializedDagModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_compiler.plan import ItemPlan
from catalog_compiler.run_format import DagKind, dag_id, revision_tag


def dag_ids(catalog: str, plan: ItemPlan) -> tuple[str, ...]:
    """All DAGs of an item."""
    kinds: tuple[DagKind, ...] = (*plan.modes, "rollback")
    return tuple(dag_id(catalog, plan.item_id, kind) for kind in kinds)


def ready_items(session: Session, catalog: str, plans: Mapping[str, ItemPlan]) -> set[str]:
    """The items, of those given by id with the plan wanted, whose DAGs all hold the plan's revision."""
    wanted = {item_id: dag_ids(catalog, plan) for item_id, plan in plans.items()}
    tags = _tags(session, [one for ids in wanted.values() for one in ids])
    return {
        item_id
        for item_id, ids in wanted.items()
        if all(revision_tag(plans[item_id].revision) in tags.get(one, ()) for one in ids)
    }


def _tags(session: Session, ids: Iterable[str]) -> dict[str, Collection[str]]:
    """The tags in each DAG's newest serialized form; stale and broken DAGs are left out."""
    newest = (
        select(SerializedDagModel.dag_id, func.max(SerializedDagModel.created_at).label("created_at"))
        .where(SerializedDagModel.dag_id.in_(list(ids)))
        .group_by(SerializedDagModel.dag_id)
        .subquery()
    )
    rows = session.scalars(
        select(SerializedDagModel)
        .join(
            newest,
            (SerializedDagModel.dag_id == newest.c.dag_id) & (SerializedDagModel.created_at == newest.c.created_at),
        )
        .join(DagModel, DagModel.dag_id == SerializedDagModel.dag_id)
        .where(~DagModel.is_stale, ~DagModel.has_import_errors)
    )
    return {row.dag_id: ((row.data or {}).get("dag") or {}).get("tags") or () for row in rows}
