"""Who did what to a run in Airflow itself: its `log` table, where its UI and API write every act.

What PAO's own operations do to runs is written there as well, under the caller's name.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from airflow.models.log import Log
from sqlalchemy import Table, or_, select, tuple_
from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey
from api_plugin.clock import utc_now

LOG = cast("Table", Log.__table__)
PLATFORM = "pao"
"""Who Airflow names for what the platform does by itself."""
_STARTS = {"trigger_dag_run"}
_CLEARS = {"clear_dag_run", "clear_dag_runs", "post_clear_task_instances"}
_MARKS = {"patch_dag_run", "bulk_dag_runs", "patch_task_instance", "bulk_task_instances", "patch_task_group_instances"}
_AN_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_LATE = dt.timedelta(seconds=10)
"""So long before its commit an act may have been written down."""


def act(event: str, run: RunKey, actor: str) -> dict[str, Any]:
    """The line that Airflow's own API would write for what PAO does to a run in the actor's name, by column."""
    dag_id, run_id = run
    return {
        "dttm": utc_now(),
        "event": event,
        "owner": actor,
        "owner_display_name": actor,
        "dag_id": dag_id,
        "run_id": run_id,
        "extra": "by PAO",
    }


Kind = Literal["started", "cleared", "marked"]
"""What a person may have done: started the rollback, cleared a run, or marked one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acts:
    """What persons did to a request's runs: the last of each kind, as who did it and the number of its line."""

    last: Mapping[Kind, tuple[str, int]] = field(default_factory=dict)

    def who(self, kind: Kind) -> str | None:
        """Who did that last; None where nobody did."""
        return self.last[kind][0] if kind in self.last else None

    def told(self, kinds: Iterable[Kind], before: int) -> int:
        """The number of the newest line that is told of, where it is of these kinds, and of that one before."""
        return max(before, *(self.last[kind][1] for kind in kinds if kind in self.last), 0)


def acts_since(session: Session, run: RunKey, rollback: RunKey | None, since: dt.datetime, last_id: int) -> Acts:
    """What persons did to a request's run, and to that of its rollback, since then, in lines after that one."""
    runs = [run] if rollback is None else [run, rollback]
    # Acts on many runs at once name them in their details alone.
    named = [Log.extra.contains(run_id, autoescape=True) for _, run_id in runs]
    lines = session.execute(
        select(Log.id, Log.event, Log.owner, Log.dag_id, Log.extra)
        .where(
            Log.dttm > since - _LATE,
            Log.id > last_id,
            Log.event.in_(_STARTS | _CLEARS | _MARKS),
            or_(tuple_(Log.dag_id, Log.run_id).in_(runs), *named),
        )
        .order_by(Log.id)
    ).all()
    last: dict[Kind, tuple[str, int]] = {}
    for line in lines:
        kind = _kind(line.event, line.extra)
        its_rollback = rollback is not None and line.dag_id == rollback[0]
        if line.owner and line.owner != PLATFORM and (its_rollback or kind != "started"):
            last["started" if its_rollback else kind] = line.owner, line.id
    return Acts(last=last)


def id_of_run(dag_id: str, run_id: str) -> uuid.UUID:
    """The id of the request of a run that was started in Airflow: the same, whoever finds that run first."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"airflow:{dag_id}/{run_id}")


def acted_on(session: Session, since: dt.datetime) -> set[uuid.UUID]:
    """The requests whose runs persons cleared or marked since then, or PAO for them; there may be no such requests.

    A run's id, that of what was started for it, and the details of acts on many at once hold the request's id. Of a run
    that was started in Airflow it is made from the run's.
    """
    lines = session.execute(
        select(Log.dag_id, Log.run_id, Log.extra).where(Log.dttm > since, Log.event.in_(_CLEARS | _MARKS))
    ).all()
    found: set[uuid.UUID] = set()
    for dag_id, run_id, extra in lines:
        found.update(uuid.UUID(each) for each in _AN_ID.findall(run_id or extra or ""))
        if dag_id and run_id:
            found.add(id_of_run(dag_id, run_id))
    return found


def _kind(event: str, extra: str | None) -> Kind:
    """A run that is set to `queued` in Airflow's UI is cleared by that."""
    if event in _CLEARS or (event == "patch_dag_run" and '"queued"' in (extra or "")):
        return "cleared"
    return "started" if event in _STARTS else "marked"
