"""Tells Airflow of PAO's parts that live in its processes. Thin: loading it must cost nothing."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from pao_airflow.links import OutsideLink
from pao_airflow.queue_news import QueueNews


class PaoPlugin(AirflowPlugin):
    """Registered by the entry point group `airflow.plugins`."""

    name = "pao"
    operator_extra_links = [OutsideLink()]  # noqa: RUF012 - as Airflow declares it
    listeners = [QueueNews()]  # noqa: RUF012 - as Airflow declares it
