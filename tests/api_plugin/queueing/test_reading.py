"""What the queue is read from stays small, however many runs Airflow keeps."""

from __future__ import annotations

import pytest
from airflow.models.dagrun import DagRun
from sqlalchemy import select, text

from api_plugin.queueing.reading import IS_HELD, held_query, running_query
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"))
RUNS, AT_WORK = 20_000, 20


@pytest.fixture
def many(world):
    """A database in which nearly all runs have ended; returns how a query would be answered in it."""
    world.publish(ITEM)
    world.parse(ITEM)
    world.run(world.order(), "success")
    copy = text(
        """
        INSERT INTO dag_run SELECT (jsonb_populate_record(run, jsonb_build_object(
            'id', 1000000 + i, 'run_id', 'run-' || i, 'run_after', now() - i * interval '1 minute',
            'state', CASE WHEN i > :at_work THEN 'success' WHEN i % 2 = 0 THEN 'running' ELSE 'queued' END))).*
        FROM dag_run AS run, generate_series(1, :runs) AS i
        """
    )
    world.session.execute(copy, {"runs": RUNS, "at_work": AT_WORK})
    world.session.execute(
        text(
            """
            INSERT INTO pao.request (id, catalog, item_id, item_version, owner, revision, mode, dag_id, run_id,
                fields, user_id, "user", correlation_id, created_at, updated_at, status, state, event_seq)
            SELECT gen_random_uuid(), catalog, item_id, item_version, owner, revision, mode, dag_id, 'run-' || i,
                fields, user_id, "user", correlation_id, created_at, updated_at, status, state, event_seq
            FROM pao.request, generate_series(1, :runs) AS i
            """
        ),
        {"runs": RUNS},
    )
    world.session.execute(text("ANALYZE dag_run"))
    world.session.execute(text("ANALYZE pao.request"))

    def plan(query):
        sql = str(query.compile(world.session.connection().engine, compile_kwargs={"literal_binds": True}))
        return "\n".join(world.session.scalars(text(f"EXPLAIN {sql}".replace(":", "\\:"))))

    yield plan
    world.session.rollback()


@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        (running_query(), ["idx_dag_run_running_dags", "idx_dag_run_queued_dags"]),
        (held_query(100), ["idx_dag_run"]),
        (select(DagRun.id).where(IS_HELD), ["idx_dag_run"]),
    ],
    ids=["running", "held", "any held"],
)
def test_only_runs_that_have_not_ended_are_looked_at(many, query, indexes):
    """By indexes whose first column is given, as every PostgreSQL that Airflow supports uses them (14 and later)."""
    plan = many(query)

    assert "Seq Scan" not in plan, plan
    assert "dag_id_state" not in plan, plan
    assert [] == [index for index in indexes if index not in plan], plan
