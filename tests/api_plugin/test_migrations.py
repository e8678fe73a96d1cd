"""The `pao` tables come to be by migrations alone, and those fit the models."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from api_plugin.store.base import SCHEMA
from api_plugin.store.db_manager import PaoDBManager


def differences(session):
    """What `alembic check` would complain about."""
    context = MigrationContext.configure(
        session.connection(),
        opts={
            "version_table": PaoDBManager.version_table_name,
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: name == SCHEMA if kind == "schema" else True,
            "compare_type": True,
            "compare_server_default": True,
        },
    )
    return compare_metadata(context, PaoDBManager.metadata)


def tables(session):
    return set(inspect(session.connection()).get_table_names(schema=SCHEMA))


def test_models_and_migrations_agree(session):
    """A model that changes needs a migration in the same commit."""
    assert [] == differences(session)


def test_migrations_go_back_and_forth(session):
    """A release can be taken back: down to nothing, and up again to the same tables."""
    manager = PaoDBManager(session)
    before = tables(session)
    session.commit()

    manager.downgrade("base")
    assert set() == tables(session)
    session.commit()
    command.upgrade(manager.get_alembic_config(), "heads")

    assert before == tables(session)
    assert [] == differences(session)
