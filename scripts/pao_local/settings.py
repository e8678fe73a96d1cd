"""The settings of a local start, read from the environment at one place."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pao_local.daemons import Daemons
from pao_local.errors import StartError

MAX_SOCKET_PATH = 90
"""Characters; the kernel's limit is 103 (macOS) to 107 (Linux), and supervisord binds under a longer name first."""

_CATALOG_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_OTHER_BUNDLES = frozenset({"default", "platform", "written"})
"""Names that a start gives itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Where a local stack lives and what it serves."""

    root: Path
    """The working tree."""
    state: Path
    """Everything that a start writes: database, logs, keys, credentials."""
    port: int
    """Of the API server; the example target takes the next one."""
    catalog: str
    """A git URL, or a folder; `#<ref>` after a git one names what is followed of it."""
    catalogs: tuple[tuple[str, str], ...] = ()
    """Further catalogs, each a name and what it is made from."""
    dags: Path | None = None
    """A folder of DAGs written by hand, served beside the catalog; None for none."""
    daemons: Daemons = field(default_factory=Daemons)
    """Airflow's schedulers and triggerers."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], root: Path) -> Settings:
        """Read `PAO_STATE`, `PORT`, `CATALOG`, `CATALOGS`, and what `Daemons` reads.

        Raises `StartError` where one is not usable.
        """
        return cls(
            root=root,
            state=Path(environ.get("PAO_STATE") or root / ".pao").expanduser().resolve(),
            port=_port(environ.get("PORT") or "8080"),
            catalog=environ.get("CATALOG") or str(root / "examples" / "catalog"),
            catalogs=_catalogs(environ.get("CATALOGS") or ""),
            daemons=Daemons.from_environment(environ),
        )

    @property
    def base_url(self) -> str:
        """Where people and clients find the API and Airflow's UI."""
        return f"http://localhost:{self.port}"

    @property
    def target_port(self) -> int:
        """The port of the example target service."""
        return self.port + 1

    @property
    def bin(self) -> Path:
        """The folder with `airflow`, `pao` and `supervisord`: that of the running Python."""
        return Path(sys.executable).parent

    @property
    def airflow_home(self) -> Path:
        """Airflow's own folder; deleting it loses task logs, nothing else."""
        return self.state / "airflow"

    @property
    def logs(self) -> Path:
        """The output of each process, rotated."""
        return self.state / "logs"

    @property
    def secrets_file(self) -> Path:
        """The keys and passwords that survive restarts."""
        return self.state / "secrets.json"

    @property
    def credentials_file(self) -> Path:
        """How people sign in."""
        return self.state / "credentials.json"

    @property
    def snapshots(self) -> Path:
        """The private git repository with the snapshots of a plain catalog folder."""
        return self.state / "catalog.git"

    @property
    def database(self) -> Path:
        """PostgreSQL's data folder."""
        return self.state / "postgres"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord listens: in the state folder, or in a short one where that path is too long."""
        path = self.state / "supervisor.sock"
        if len(str(path)) <= MAX_SOCKET_PATH:
            return path
        digest = hashlib.sha256(str(self.state).encode()).hexdigest()[:10]
        return Path(tempfile.gettempdir()) / f"pao-{os.getuid()}-{digest}" / "supervisor.sock"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) < 2**16 - 1:
        raise StartError(f"PORT is {text!r}, which is not a port; give a number from 1 to 65534, such as PORT=8080")
    return int(text)


def _catalogs(text: str) -> tuple[tuple[str, str], ...]:
    named = tuple((name, source) for name, _, source in (part.partition("=") for part in text.split()))
    names = [name for name, _ in named]
    for name, source in named:
        if not _CATALOG_NAME.fullmatch(name) or name in _OTHER_BUNDLES or names.count(name) > 1 or not source:
            raise StartError(
                f"CATALOGS is {text!r}; give each further catalog once, by a name of its own, a git URL and a branch, "
                "such as CATALOGS='staging=https://git.example.com/catalog.git#main'"
            )
    return named
