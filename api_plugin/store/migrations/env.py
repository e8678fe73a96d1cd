"""Alembic's entry point for the `pao` tables; runs on Airflow's own engine."""

from __future__ import annotations

from typing import Any

from airflow import settings
from alembic import context

from api_plugin.store.base import SCHEMA
from api_plugin.store.db_manager import PaoDBManager


def _include_name(name: str | None, type_: str, _parents: object) -> bool:
    return name == SCHEMA if type_ == "schema" else True


def _run(**options: Any) -> None:
    context.configure(
        target_metadata=PaoDBManager.metadata,
        version_table=PaoDBManager.version_table_name,
        include_schemas=True,
        include_name=_include_name,
        **options,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _run(url=settings.SQL_ALCHEMY_CONN, literal_binds=True)
else:
    with settings.get_engine().connect() as connection:
        _run(connection=connection)
