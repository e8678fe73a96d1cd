"""Makes `airflow db migrate` create and upgrade the `pao` tables (`[database] external_db_managers`)."""

from __future__ import annotations

from pathlib import Path

from airflow.utils.db_manager import BaseDBManager
from alembic import command
from sqlalchemy import MetaData

from api_plugin.store import access, catalog, idempotency, queue, requests, resources, snapshots, targets
from api_plugin.store.base import Base

_FOLDER = Path(__file__).parent
TABLE_MODULES = (access, catalog, idempotency, queue, requests, resources, snapshots, targets)
"""Importing them registers their tables on the metadata."""


class PaoDBManager(BaseDBManager):
    """Airflow's hook for databases beside its own. Migrations are the only way in which tables come to be."""

    metadata: MetaData = Base.metadata
    version_table_name = "alembic_version_pao"
    migration_dir = (_FOLDER / "migrations").as_posix()
    alembic_file = (_FOLDER / "alembic.ini").as_posix()
    supports_table_dropping = True

    def create_db_from_orm(self) -> None:
        """Run the migrations also on an empty database, so that there is one path to every schema."""
        command.upgrade(self.get_alembic_config(), "heads")  # type: ignore[no-untyped-call]

    def downgrade(self, to_revision: str, from_revision: str | None = None, show_sql_only: bool = False) -> None:  # noqa: FBT001, FBT002 - Airflow's signature
        """Go back to an earlier revision of the `pao` tables."""
        revision = f"{from_revision}:{to_revision}" if from_revision else to_revision
        command.downgrade(self.get_alembic_config(), revision, sql=show_sql_only)  # type: ignore[no-untyped-call]
