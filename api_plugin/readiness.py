"""Whether an item's DAGs are ready for a revision: their serialized form holds it. A version label proves nothing."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from airflow.models.dag import DagModel, DagTag
from airflow.models.serialized_dag import SerializedDagModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog_compiler.run_format import DagKind, dag_id, revision_tag


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A revision of an item, and the kinds of DAGs that it has."""

    revision: str
    kinds: tuple[DagKind, ...]

    @classmethod
    def of(cls, revision: str, *, automatic: bool) -> Self:
        """Of an item that has an automatic way, or not."""
        return cls(
            revision=revision, kinds=("automatic", "manual", "rollback") if automatic else ("manual", "rollback")
        )

    def dag_ids(self, catalog: str, item_id: str) -> tuple[str, ...]:
        """All its DAGs."""
        return tuple(dag_id(catalog, item_id, kind) for kind in self.kinds)


def marked_revisions(session: Session, catalog: str, item_ids: Iterable[str]) -> dict[str, str]:
    """The tag of the revision that each item's rollback DAG is marked with. Cheap, and proves nothing."""
    by_dag = {dag_id(catalog, item_id, "rollback"): item_id for item_id in item_ids}
    if not by_dag:
        return {}
    rows = session.execute(
        select(DagTag.dag_id, DagTag.name)
        .join(DagModel, DagModel.dag_id == DagTag.dag_id)
        .where(
            DagTag.dag_id.in_(by_dag),
            DagTag.name.startswith(revision_tag("")),
            ~DagModel.is_stale,
            ~DagModel.has_import_errors,
        )
    )
    return {by_dag[row.dag_id]: row.name for row in rows}


def ready_items(session: Session, catalog: str, wanted: Mapping[str, Wanted]) -> set[str]:
    """The items, of those given, whose DAGs all hold the revision wanted."""
    ids = {item_id: one.dag_ids(catalog, item_id) for item_id, one in wanted.items()}
    tags = _tags(session, [each for of_item in ids.values() for each in of_item])
    return {
        item_id
        for item_id, one in wanted.items()
        if all(revision_tag(one.revision) in tags.get(each, ()) for each in ids[item_id])
    }


def _tags(session: Session, ids: Collection[str]) -> dict[str, Collection[str]]:
    """The tags in each DAG's newest serialized form; stale and broken DAGs are left out.

    A serialized DAG is long and its tags are short: the database takes them out, unless Airflow compresses its DAGs.
    """
    if not ids:
        return {}
    stored = SerializedDagModel.__table__.c
    newest = (
        select(SerializedDagModel.dag_id, func.max(SerializedDagModel.created_at).label("created_at"))
        .where(SerializedDagModel.dag_id.in_(list(ids)))
        .group_by(SerializedDagModel.dag_id)
        .subquery()
    )
    rows = session.execute(
        select(SerializedDagModel.dag_id, stored.data["dag"]["tags"].label("tags"), stored.data_compressed)
        .join(
            newest,
            (SerializedDagModel.dag_id == newest.c.dag_id) & (SerializedDagModel.created_at == newest.c.created_at),
        )
        .join(DagModel, DagModel.dag_id == SerializedDagModel.dag_id)
        .where(~DagModel.is_stale, ~DagModel.has_import_errors)
    )
    return {row.dag_id: row.tags or _unpacked(row.data_compressed) for row in rows}


def _unpacked(data: bytes | None) -> Collection[str]:
    """The tags of a DAG that is stored compressed."""
    if data is None:
        return ()
    dag: dict[str, Any] = json.loads(zlib.decompress(data))["dag"]
    return dag.get("tags") or ()
