"""Which running requests take no place, because people are at it: a ticket may be open for weeks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from api_plugin.airflow_state import read_runs
from api_plugin.queueing.revisions import Revision
from api_plugin.status_views import RunView
from api_plugin.store.requests import Request
from catalog_compiler.actions import action_types
from catalog_compiler.run_format import action_task_id

_OVER = frozenset({None, "success", "failed", "skipped", "upstream_failed", "removed"})
"""States of tasks that are not at work; None is of one that has not begun."""


def types_of_people() -> frozenset[str]:
    """The installed action types that wait for people."""
    return frozenset(name for name, kind in action_types().items() if kind.waits_for_people)


def rests(run: RunView, actions: Mapping[str, str], people: Collection[str]) -> bool:
    """Whether everything that is at work in a run has told that it waits, and is of a type that waits for people."""
    tasks = {name: run.tasks.get(action_task_id(name)) for name in actions}
    at_work = {name: task for name, task in tasks.items() if task is not None and task.state not in _OVER}
    return bool(at_work) and all(
        actions[name] in people and task.state == "deferred" and task.progress is not None
        for name, task in at_work.items()
    )


def count_resting(
    session: Session, running: ColumnElement[bool], actions: Mapping[Revision, Mapping[str, str]]
) -> Counter[tuple[str, Revision]]:
    """How many of each user's running requests of each revision rest; only revisions that may are looked at."""
    people = types_of_people()
    may = [revision for revision, of_it in actions.items() if not people.isdisjoint(of_it.values())]
    if not may:
        return Counter()
    key = (Request.catalog, Request.item_id, Request.revision)
    rows = session.execute(
        select(*key, Request.user_id, Request.dag_id, Request.run_id).where(tuple_(*key).in_(may), running)
    ).all()
    runs = read_runs(session, [(row.dag_id, row.run_id) for row in rows])
    found: Counter[tuple[str, Revision]] = Counter()
    for row in rows:
        revision, run = Revision(row.catalog, row.item_id, row.revision), runs.get((row.dag_id, row.run_id))
        if run is not None and rests(run, actions[revision], people):
            found[row.user_id, revision] += 1
    return found
