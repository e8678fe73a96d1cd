"""The declarative base of all `pao` tables."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

SCHEMA = "pao"


class UtcTime(TypeDecorator[dt.datetime]):
    """A time with zone, read in UTC: the database's driver gives it in the zone of the server or of the session."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """The same moment in UTC."""
        return None if value is None else value.astimezone(dt.UTC)


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
        dt.datetime: UtcTime(),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }
