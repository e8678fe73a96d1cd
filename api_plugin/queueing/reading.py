"""Reads the queue from Airflow's runs: what takes a place, and what waits for one. Nothing is counted anywhere else."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from api_plugin.queueing.deciding import Waiting
from api_plugin.queueing.limits import Limits, Work
from api_plugin.runs import HELD
from api_plugin.store.catalog import ItemRevision
from api_plugin.store.queue import QueueTurn
from api_plugin.store.requests import Request
from catalog_compiler.plan import ItemPlan

IS_HELD: ColumnElement[bool] = and_(DagRun.state == DagRunState.QUEUED, DagRun.run_after == HELD)
"""Waits for its turn."""
_TAKES_A_PLACE = and_(
    DagRun.state.in_([DagRunState.QUEUED, DagRunState.RUNNING]), DagRun.run_after < HELD, Request.mode == "automatic"
)
OF_RUN = and_(Request.dag_id == DagRun.dag_id, Request.run_id == DagRun.run_id)
"""Joins a run with its request, from the few runs by an index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """Everything that is decided from."""

    running: list[tuple[Work, int]]
    waiting: list[Waiting]
    runs: dict[uuid.UUID, int]
    """The number of each waiting request's run."""
    turns: dict[str, int]


def read_queue(session: Session, limits: Limits, at_most: int | None = None) -> Queue:
    """Read it; of equal work the oldest `at_most` that wait, since no more can be let start at once."""
    held = session.execute(held_query(at_most)).all()
    running = session.execute(running_query()).all() if held else []
    types = _types(session, limits, {(row.catalog, row.item_id, row.revision) for row in (*held, *running)})

    def work(user_id: str, catalog: str, item_id: str, revision: str) -> Work:
        found = types.get((catalog, item_id, revision), frozenset())
        return Work(user_id=user_id, catalog=catalog, item_id=item_id, action_types=found)

    turns = session.execute(select(QueueTurn.user_id, QueueTurn.turn)).all() if held else []
    return Queue(
        running=[(work(row.user_id, row.catalog, row.item_id, row.revision), row.taken) for row in running],
        waiting=[
            Waiting(
                id=row.id,
                work=work(row.user_id, row.catalog, row.item_id, row.revision),
                since=row.since,
                priority=limits.priority(row.roles or ()),
            )
            for row in held
        ],
        runs={row.id: row.run for row in held},
        turns={row.user_id: row.turn for row in turns},
    )


def running_query() -> Select[str, str, str, str, int]:
    """How many requests of each kind of work take a place."""
    by = (Request.user_id, Request.catalog, Request.item_id, Request.revision)
    return (
        select(*by, func.count().label("taken"))
        .select_from(DagRun)
        .join(Request, OF_RUN)
        .where(_TAKES_A_PLACE)
        .group_by(*by)
    )


def held_query(at_most: int | None) -> Select[Any]:
    """The requests that wait for their turn."""
    since = func.coalesce(DagRun.queued_at, Request.created_at)
    roles = Request.user["roles"]
    equal = (Request.user_id, Request.catalog, Request.item_id, Request.revision, roles)
    query = (
        select(
            Request.id, DagRun.id.label("run"), Request.user_id, Request.catalog, Request.item_id, Request.revision,
            roles.label("roles"), since.label("since"),
        )
        .select_from(DagRun)
        .join(Request, OF_RUN)
        .where(IS_HELD)
    )  # fmt: skip
    if at_most is None:
        return query
    place = func.row_number().over(partition_by=equal, order_by=(since, Request.id))
    ranked = query.add_columns(place.label("place")).subquery()
    columns = [column for column in ranked.columns if column.name != "place"]
    return select(*columns).where(ranked.c.place <= at_most)


_Revision = tuple[str, str, str]
_types_of: dict[_Revision, frozenset[str]] = {}
"""Of revisions that were looked up. A revision never changes, and a deployment has few."""


def _types(session: Session, limits: Limits, revisions: Iterable[_Revision]) -> dict[_Revision, frozenset[str]]:
    """The limited action types of each revision's automatic way; read only where action types are limited."""
    if not limits.action_type:
        return {}
    found = {}
    for revision in revisions:
        if revision not in _types_of:
            row = session.get(ItemRevision, revision)
            way = ItemPlan.model_validate(row.plan).automatic if row is not None else None
            _types_of[revision] = frozenset(action.type for action in way.actions) if way else frozenset()
        found[revision] = _types_of[revision].intersection(limits.action_type)
    return found
