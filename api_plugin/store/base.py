"""The declarative base of all `pao` tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from sqlalchemy import DateTime, MetaData, Table, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session

SCHEMA = "pao"


class Base(DeclarativeBase):
    """Base of the models: PostgreSQL schema `pao`, times with zone, JSON as JSONB."""

    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        },
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


def insert_rows(session: Session, rows: Sequence[DeclarativeBase]) -> None:
    """Insert rows of one table in one statement, at once, without making them part of the session.

    Only what was set is written; the rest takes the columns' defaults. At a fraction of what a flush costs.
    """
    mapper = type(rows[0]).__mapper__
    keys = [(attribute.key, attribute.columns[0].name) for attribute in mapper.column_attrs]
    values = [{name: vars(row)[key] for key, name in keys if key in vars(row)} for row in rows]
    insert_values(session, cast("Table", mapper.local_table), values)


def insert_values(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, each with the same columns by name; what is None in all of them is left out where that means NULL."""
    meant = [
        column.name
        for column in table.columns
        if column.name in rows[0]
        and (
            column.default is not None
            or column.server_default is not None
            or any(row[column.name] is not None for row in rows)
        )
    ]
    session.execute(insert(table), [{name: row[name] for name in meant} for row in rows])
