"""The target's state in one SQLite file, so that it survives restarts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS resource (
    kind TEXT, id TEXT, parent TEXT, name TEXT, body TEXT, PRIMARY KEY (kind, id), UNIQUE (kind, parent, name));
CREATE TABLE IF NOT EXISTS answer (
    key TEXT, operation TEXT, digest TEXT, status INTEGER, body TEXT, PRIMARY KEY (key, operation));
CREATE TABLE IF NOT EXISTS effect (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT, effect TEXT, kind TEXT, id TEXT, body TEXT);
"""


class NameTakenError(Exception):
    """There is a resource of that kind and name already."""


class Store:
    """Resources, answers kept for idempotency keys, and every effect in order."""

    def __init__(self, path: Path | str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        # A crash of the machine may cost the last effects; this is an example.
        self._database.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_TABLES}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything in the block happens, or nothing of it."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def add(self, kind: str, resource_id: str, name: str, body: dict[str, Any], parent: str = "") -> None:
        """Add a resource; raises `NameTakenError`."""
        row = (kind, resource_id, parent, name, json.dumps(body))
        try:
            self._database.execute("INSERT INTO resource VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise NameTakenError from error
        self.record("created", kind, resource_id, body)

    def get(self, kind: str, resource_id: str, parent: str = "") -> dict[str, Any] | None:
        """The resource, or None."""
        query = "SELECT body FROM resource WHERE kind = ? AND id = ? AND parent = ?"
        row = self._database.execute(query, (kind, resource_id, parent)).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str, parent: str = "") -> list[dict[str, Any]]:
        """The resources of a kind, oldest first."""
        query = "SELECT body FROM resource WHERE kind = ? AND parent = ? ORDER BY rowid"
        return [json.loads(row[0]) for row in self._database.execute(query, (kind, parent))]

    def change(self, kind: str, resource_id: str, body: dict[str, Any]) -> None:
        """Put another body in the place of a resource's."""
        query = "UPDATE resource SET body = ? WHERE kind = ? AND id = ?"
        self._database.execute(query, (json.dumps(body), kind, resource_id))
        self.record("changed", kind, resource_id, body)

    def remove(self, kind: str, resource_id: str, parent: str = "") -> bool:
        """Remove a resource; false where there is none."""
        query = "DELETE FROM resource WHERE kind = ? AND id = ? AND parent = ?"
        if not self._database.execute(query, (kind, resource_id, parent)).rowcount:
            return False
        self.record("deleted", kind, resource_id, None)
        return True

    def record(self, effect: str, kind: str, resource_id: str, body: dict[str, Any] | None) -> None:
        """Add to the list of effects."""
        row = (datetime.now(UTC).isoformat(), effect, kind, resource_id, json.dumps(body))
        self._database.execute("INSERT INTO effect (at, effect, kind, id, body) VALUES (?, ?, ?, ?, ?)", row)

    def effects(self, since: int = 0) -> list[dict[str, Any]]:
        """Every effect after the one numbered `since`, in order."""
        query = "SELECT seq, at, effect, kind, id, body FROM effect WHERE seq > ? ORDER BY seq"
        names = ("seq", "at", "effect", "kind", "id", "body")
        rows = [dict(zip(names, row, strict=True)) for row in self._database.execute(query, (since,))]
        return [{**row, "body": json.loads(row["body"])} for row in rows]

    def count(self, kind: str) -> int:
        """How many of a kind were ever made."""
        query = "SELECT count(*) FROM effect WHERE kind = ? AND effect = 'created'"
        return int(self._database.execute(query, (kind,)).fetchone()[0])

    def keep_answer(self, key: str, operation: str, digest: str, status: int, body: object) -> None:
        """Remember what was answered to an idempotency key."""
        row = (key, operation, digest, status, json.dumps(body))
        self._database.execute("INSERT INTO answer VALUES (?, ?, ?, ?, ?)", row)

    def kept_answer(self, key: str, operation: str) -> tuple[str, int, Any] | None:
        """The digest of the body, the status and the body that were kept for a key, or None."""
        query = "SELECT digest, status, body FROM answer WHERE key = ? AND operation = ?"
        row = self._database.execute(query, (key, operation)).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def clear(self) -> None:
        """Forget everything."""
        self._database.executescript("DELETE FROM resource; DELETE FROM answer; DELETE FROM effect;")

    def close(self) -> None:
        """Close the file."""
        self._database.close()
