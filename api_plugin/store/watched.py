"""One cheap question about many requests: has anything about them changed since it was asked last?

Of each request's runs, their tasks and what actions left in XCom, the times of change are added up. Any change changes
the sum, also where the clocks of Airflow's processes differ, by which a newest time alone would hide it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import Session
from sqlalchemy.types import Text


class Mark(NamedTuple):
    """How a request stands."""

    status: str
    event_seq: int
    rows: int
    sum: Decimal

    @property
    def of_airflow(self) -> tuple[int, Decimal]:
        """What stays the same while nothing changes in Airflow."""
        return self.rows, self.sum


_MARKS = text("""
WITH watched AS MATERIALIZED (
    SELECT id, status, event_seq, dag_id, run_id FROM pao.request WHERE id = ANY(:ids)
), runs AS MATERIALIZED (
    SELECT watched.id, run.id AS dag_run_id, run.dag_id, run.run_id, run.updated_at
    FROM watched JOIN dag_run AS run ON run.dag_id = watched.dag_id AND run.run_id = watched.run_id
    UNION ALL
    SELECT started.request_id, run.id, run.dag_id, run.run_id, run.updated_at
    FROM (
        SELECT request_id, dag_id, run_id FROM pao.request_rollback WHERE request_id = ANY(:ids)
        UNION ALL
        SELECT request_id, dag_id, run_id FROM pao.request_escalation WHERE request_id = ANY(:ids)
    ) AS started
    JOIN dag_run AS run ON run.dag_id = started.dag_id AND run.run_id = started.run_id
), changes AS (
    SELECT id, updated_at AS at FROM runs
    UNION ALL
    SELECT runs.id, task.updated_at
    FROM runs JOIN task_instance AS task ON task.dag_id = runs.dag_id AND task.run_id = runs.run_id
    UNION ALL
    SELECT runs.id, xcom.timestamp
    FROM runs JOIN xcom ON xcom.dag_run_id = runs.dag_run_id AND xcom.key = ANY(:keys)
)
SELECT
    watched.id, watched.status, watched.event_seq,
    coalesce(counted.rows, 0) AS rows, coalesce(counted.sum, 0) AS sum
FROM watched LEFT JOIN (
    SELECT id, count(*) AS rows, sum(extract(epoch FROM coalesce(at, 'epoch'))) AS sum FROM changes GROUP BY id
) AS counted ON counted.id = watched.id
""").bindparams(bindparam("ids", type_=ARRAY(UUID(as_uuid=True))), bindparam("keys", type_=ARRAY(Text)))


def read_marks(session: Session, ids: Collection[uuid.UUID], keys: Collection[str]) -> dict[uuid.UUID, Mark]:
    """The marks of these requests; `keys` are those of the XComs that count."""
    rows = session.execute(_MARKS, {"ids": list(ids), "keys": list(keys)})
    return {row.id: Mark(row.status, row.event_seq, row.rows, row.sum) for row in rows}
