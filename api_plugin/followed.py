"""Which catalogs are served: those that the configuration follows.

A catalog's rows stay when its bundle is taken out of `[dag_processor] dag_bundle_config_list`, since requests need
them; the DAG processor then marks the bundle as inactive. One that it never saw is followed: it is about to.
"""

from __future__ import annotations

from airflow.models.dagbundle import DagBundleModel
from sqlalchemy import ColumnElement, exists

from api_plugin.store.catalog import Catalog


def is_followed() -> ColumnElement[bool]:
    """Whether a row of `Catalog` is of a catalog that is still configured."""
    return ~exists().where(DagBundleModel.name == Catalog.name, DagBundleModel.active.is_(False))
