"""Reads the queue from Airflow's runs: what takes a place, and what waits for one. Nothing is counted anywhere else."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select, union_all
from sqlalchemy.orm import Session

from api_plugin.queueing.deciding import Waiting
from api_plugin.queueing.limits import Limits, Work
from api_plugin.queueing.resting import count_resting
from api_plugin.queueing.revisions import Revision, automatic_actions
from api_plugin.runs import HELD
from api_plugin.store.queue import QueueTurn
from api_plugin.store.requests import Request

IS_HELD: ColumnElement[bool] = and_(DagRun.state == DagRunState.QUEUED, DagRun.run_after == HELD)
"""Waits for its turn."""
_WAITS_FOR_NOTHING = and_(DagRun.run_after < HELD, Request.mode == "automatic")
"""Takes a place, where it has not ended."""
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
    turns = session.execute(select(QueueTurn.user_id, QueueTurn.turn)).all() if held else []
    actions = automatic_actions(session, {_revision(row) for row in (*held, *running)})
    resting = count_resting(session, _runs_now(), actions) if running else Counter()

    def work(row: Row[*tuple[Any, ...]]) -> Work:
        types = limits.action_type.keys() & actions[_revision(row)].values()
        return Work(user_id=row.user_id, catalog=row.catalog, item_id=row.item_id, action_types=frozenset(types))

    return Queue(
        running=[(work(row), max(row.taken - resting[row.user_id, _revision(row)], 0)) for row in running],
        waiting=[
            Waiting(id=row.id, work=work(row), since=row.since, priority=limits.priority(row.roles or ()))
            for row in held
        ],
        runs={row.id: row.run for row in held},
        turns={row.user_id: row.turn for row in turns},
    )


def _revision(row: Row[*tuple[Any, ...]]) -> Revision:
    return Revision(row.catalog, row.item_id, row.revision)


def _runs_now() -> ColumnElement[bool]:
    return exists().where(OF_RUN, _WAITS_FOR_NOTHING, DagRun.state == DagRunState.RUNNING)


def running_query() -> Select[str, str, str, str, int]:
    """How many requests of each kind of work take a place.

    Each state for itself, since Airflow has an index of the runs of each of these, and none of both together.
    """
    work = (Request.user_id, Request.catalog, Request.item_id, Request.revision)
    taking = union_all(
        *(
            select(*work).select_from(DagRun).join(Request, OF_RUN).where(DagRun.state == state, _WAITS_FOR_NOTHING)
            for state in (DagRunState.QUEUED, DagRunState.RUNNING)
        )
    ).subquery()
    by = (taking.c.user_id, taking.c.catalog, taking.c.item_id, taking.c.revision)
    return select(*by, func.count().label("taken")).group_by(*by)


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
