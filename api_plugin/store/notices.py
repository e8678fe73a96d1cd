"""Tells other processes by PostgreSQL's NOTIFY, when the transaction commits, and opens connections that hear it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

CHANNEL = "pao_catalog"
"""A catalog changed: every API process hears it. The payload is the catalog's name."""
SIGNALS = "pao_signal"
"""Something that actions wait for changed: every triggerer hears it. The payload is its name."""


def notify(session: Session, catalog: str) -> None:
    """Tell that a catalog changed, once the session's transaction commits."""
    session.execute(select(func.pg_notify(CHANNEL, catalog)))


def signal(session: Session, name: str) -> None:
    """Tell that what has that name changed (`catalog_compiler.signal_names`), once the transaction commits."""
    session.execute(select(func.pg_notify(SIGNALS, name)))


@contextmanager
def listening(engine: Engine, channel: str) -> Iterator[Any]:
    """A connection of the driver beside the pool, opened as Airflow opens its own, that hears a channel.

    `pg_stat_activity` shows it under the channel's name.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET application_name = '{channel}'")
        connection.exec_driver_sql(f"LISTEN {channel}")
        connection.detach()
        yield connection.connection.dbapi_connection
