"""Inserts rows of several tables in one statement, at a fraction of what a session's flush costs.

None of them becomes part of the session. Only what was set is written; the rest takes the columns' defaults.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import JSON, Column, Dialect, Table, TextClause, TypeDecorator, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import DeclarativeBase, Session

_POSTGRESQL = cast("Callable[[], Dialect]", PGDialect)()
_PLAIN = DefaultDialect()
"""Has types give plain values, which go into JSON, instead of those of a driver."""


class Rows:
    """Rows that are to be inserted together. They may refer to each other, in any order.

    PostgreSQL reads their values from JSON, which is one parameter a table, however many there are.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._rows: dict[Table, list[Mapping[str, Any]]] = {}
        self._told: dict[tuple[str, str], None] = {}

    def add(self, *rows: DeclarativeBase) -> None:
        """Add rows that no session has, by what was set of each."""
        for row in rows:
            self.add_values(cast("Table", type(row).__mapper__.local_table), _values(row))

    def add_values(self, table: Table, *rows: Mapping[str, Any]) -> None:
        """Add rows by the names of their columns."""
        self._rows.setdefault(table, []).extend(_written(table, row) for row in rows)

    def tell(self, channel: str, payload: str) -> None:
        """Have those told who listen to a channel, once the transaction commits."""
        self._told[channel, payload] = None

    def insert(self, session: Session) -> None:
        """Insert all of them; commits nothing. Raises SQLAlchemy's `IntegrityError` where the database refuses one."""
        if not self._rows:
            return
        shape = tuple(
            (table, tuple(dict.fromkeys(name for row in rows for name in row))) for table, rows in self._rows.items()
        )
        parameters = {f"rows_{number}": json.dumps(rows) for number, rows in enumerate(self._rows.values())}
        for number, (channel, payload) in enumerate(self._told):
            parameters |= {f"channel_{number}": channel, f"payload_{number}": payload}
        session.execute(_statement(shape, len(self._told)), parameters)


@cache
def _statement(shape: tuple[tuple[Table, tuple[str, ...]], ...], told: int) -> TextClause:
    """One for each combination of tables and columns; names are those of models, never a user's."""
    inserts = ", ".join(
        f"inserted_{number} AS (INSERT INTO {table.fullname} ({_names(columns)}) SELECT {_names(columns)} "  # noqa: S608 - see above
        f"FROM jsonb_to_recordset(CAST(:rows_{number} AS jsonb)) AS given ({_typed(table, columns)}))"
        for number, (table, columns) in enumerate(shape)
    )
    notices = ", ".join(f"pg_notify(:channel_{number}, :payload_{number})" for number in range(told))
    return text(f"WITH {inserts} SELECT {notices or '1'}")


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _typed(table: Table, columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}" {table.columns[name].type.compile(_POSTGRESQL)}' for name in columns)


def _values(row: DeclarativeBase) -> dict[str, Any]:
    """What was set, by column."""
    held = vars(row)
    return {
        attribute.columns[0].name: held[attribute.key]
        for attribute in type(row).__mapper__.column_attrs
        if attribute.key in held
    }


def _written(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's values as JSON has them, without those that are NULL anyway, and with what SQLAlchemy would add."""
    columns = _columns(table)
    given = {
        name: columns.written[name](value)
        for name, value in row.items()
        if value is not None or name in columns.with_default
    }
    made = {name: columns.written[name](make()) for name, make in columns.made.items() if name not in row}
    return given | made


class _Columns:
    """How the values of a table's columns are written."""

    def __init__(self, table: Table) -> None:
        self.written = {column.name: _writer(column) for column in table.columns}
        self.with_default = {
            column.name for column in table.columns if column.default is not None or column.server_default is not None
        }
        self.made = {column.name: make for column in table.columns if (make := _maker(column)) is not None}


_columns = cache(_Columns)


def _maker(column: Column[Any]) -> Callable[[], Any] | None:
    """What makes a value where a row has none, if SQLAlchemy does it before it asks the database."""
    default: Any = column.default
    if default is None or not (default.is_scalar or default.is_callable):
        return None
    return (lambda: default.arg) if default.is_scalar else (lambda: default.arg(None))


def _writer(column: Column[Any]) -> Callable[[Any], Any]:
    kind = column.type
    if isinstance(kind, JSON):
        return _same
    if isinstance(kind, TypeDecorator) and isinstance(kind.impl_instance, JSON):
        return lambda value: kind.process_bind_param(value, _PLAIN)
    processed = kind.bind_processor(_PLAIN) or _same
    return lambda value: _plain(None if value is None else processed(value))


def _same(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return f"\\x{value.hex()}"
        case uuid.UUID():
            return str(value)
        case dt.datetime():
            return value.isoformat()
    return value
