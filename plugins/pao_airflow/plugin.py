"""Tells Airflow of PAO's parts that live in its processes. Thin: loading it must cost nothing."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class PaoPlugin(AirflowPlugin):
    """Registered by the entry point group `airflow.plugins`."""

    name = "pao"
