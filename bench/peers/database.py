"""A PostgreSQL for one peer: the same wheel with the same settings as ours, on a Unix socket as ours is, and empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pao_local.database import Database
from pao_local.settings import Settings
from pao_local.signals import uninterrupted

ROOT = Path(__file__).resolve().parents[2]
NO_PORT = 1
"""Nothing of it listens on a port."""


@contextmanager
def postgres(folder: Path) -> Iterator[Path]:
    """The folder of its socket, while the block runs; raises `DatabaseError`."""
    settings = Settings(root=ROOT, state=folder, port=NO_PORT, catalog="")
    database = Database(settings)
    try:
        database.start()
        yield settings.database
    finally:
        with uninterrupted():
            database.stop()
