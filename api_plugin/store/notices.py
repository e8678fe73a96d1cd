"""Tells other processes by PostgreSQL's NOTIFY, when the transaction commits, and opens connections that hear it."""

from __future__ import annotations

import json
import selectors
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

CHANNEL = "pao_catalog"
"""A catalog changed: every API process hears it. The payload is the catalog's name."""
SIGNALS = "pao_signal"
"""Something that actions wait for changed: every triggerer hears it. The payload is its name."""
NEW_TRIGGERS = "pao:new-triggers"
"""The payload by which triggerers hear that there are new triggers, on the same channel."""

QUEUE = "pao_queue"
"""A request may have to start: one API process hears it and looks. The payload is empty."""
FAILED_RUNS = "pao_failed_run"
"""A run failed: one API process hears it and starts what follows. The payload is the run (`run_of_notice`)."""


def notify(session: Session, catalog: str) -> None:
    """Tell that a catalog changed, once the session's transaction commits."""
    session.execute(select(func.pg_notify(CHANNEL, catalog)))


def signal(session: Session, name: str) -> None:
    """Tell that what has that name changed (`catalog_compiler.signal_names`), once the transaction commits."""
    session.execute(select(func.pg_notify(SIGNALS, name)))


def tell_triggerers(connection: Connection) -> None:
    """Tell triggerers that there are new triggers, once the connection's transaction commits; often is told once."""
    connection.execute(select(func.pg_notify(SIGNALS, NEW_TRIGGERS)))


def tell_queue(session: Session) -> None:
    """Tell that a request waits for its turn, or that a place is free, once the session's transaction commits."""
    session.execute(select(func.pg_notify(QUEUE, "")))


def tell_failed(session: Session, dag_id: str, run_id: str) -> None:
    """Tell that a run has failed, once the session's transaction commits."""
    session.execute(select(func.pg_notify(FAILED_RUNS, json.dumps([dag_id, run_id]))))


def run_of_notice(payload: str) -> tuple[str, str]:
    """The DAG and the run that a notice of a failure tells of."""
    dag_id, run_id = json.loads(payload)
    return dag_id, run_id


@contextmanager
def listening(engine: Engine, channel: str) -> Iterator[Any]:
    """A connection of the driver beside the pool, opened as Airflow opens its own, that hears a channel.

    `pg_stat_activity` shows it under the channel's name.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET application_name = '{channel}'")
        # A machine that is gone without a word must not hold its locks for hours, which is how long TCP waits.
        connection.exec_driver_sql("SET tcp_keepalives_idle = 10")
        connection.exec_driver_sql("SET tcp_keepalives_interval = 5")
        connection.exec_driver_sql("SET tcp_keepalives_count = 3")
        connection.exec_driver_sql(f"LISTEN {channel}")
        connection.detach()
        yield connection.connection.dbapi_connection


def ready(seconds: float, *sources: Any) -> list[Any]:
    """Which of them have something to read, after so many seconds at most.

    Not by `select`, which takes no file beyond the 1,024th: each WebSocket of an API process is one, and each trigger's
    log in a triggerer.
    """
    with selectors.DefaultSelector() as selector:
        for source in sources:
            selector.register(source, selectors.EVENT_READ)
        return [key.fileobj for key, _ in selector.select(seconds)]
