"""Whether the catalogs are kept up to date with their repositories: each that is followed, or why it is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from airflow.configuration import conf
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.followed import is_followed
from api_plugin.store.catalog import Catalog

INTERVALS_MISSED = 5
"""So many looks at a repository may be missed, while the DAG processor is busy."""
SLACK = dt.timedelta(minutes=5)
"""What a look may take besides, since a repository may answer slowly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Why a catalog is not up to date, in a sentence, and since when."""

    why: str
    since: dt.datetime


def catalog_troubles(session: Session, now: dt.datetime) -> list[Trouble]:
    """What keeps catalogs from being up to date; empty where all are."""
    intervals = refresh_intervals()
    catalogs = session.scalars(select(Catalog).where(is_followed()).order_by(Catalog.name))
    return [trouble for catalog in catalogs for trouble in _of(catalog, intervals, now)]


def refresh_intervals() -> Mapping[str, float]:
    """Seconds between two looks at each catalog's repository, by the configuration of Airflow's bundles."""
    usual = conf.getfloat("dag_processor", "refresh_interval")
    bundles = conf.getjson("dag_processor", "dag_bundle_config_list", fallback=[])
    return {
        bundle["name"]: float(bundle.get("kwargs", {}).get("refresh_interval", usual))
        for bundle in (bundles if isinstance(bundles, list) else [])
    }


def _of(catalog: Catalog, intervals: Mapping[str, float], now: dt.datetime) -> Iterator[Trouble]:
    served = "is served as last published" if catalog.commit else "has not been published yet"
    if catalog.failing_since is not None:
        yield Trouble(why=f"catalog '{catalog.name}' {served}: {catalog.failure}", since=catalog.failing_since)
    elif catalog.refreshed_at is not None and catalog.name in intervals:
        limit = INTERVALS_MISSED * dt.timedelta(seconds=intervals[catalog.name]) + SLACK
        silent = now - catalog.refreshed_at
        if silent > limit:
            yield Trouble(
                why=f"catalog '{catalog.name}' {served}: its repository was not looked at for "
                f"{silent.total_seconds():.0f} s; look at the DAG processor's log",
                since=catalog.refreshed_at,
            )
