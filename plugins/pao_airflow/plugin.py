"""Tells Airflow of PAO's parts that live in its processes. Thin: loading it must cost nothing."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from pao_airflow.failure_news import FailureNews
from pao_airflow.links import OutsideLink
from pao_airflow.queue_news import QueueNews
from pao_airflow.trigger_news import tell_of_new_triggers


class PaoPlugin(AirflowPlugin):
    """Registered by the entry point group `airflow.plugins`."""

    name = "pao"
    operator_extra_links = [OutsideLink()]  # noqa: RUF012 - as Airflow declares it
    listeners = [QueueNews(), FailureNews()]  # noqa: RUF012 - as Airflow declares it

    @classmethod
    def on_load(cls, *_args: Any, **_kwargs: Any) -> None:
        """Tell triggerers of what this process makes for them."""
        tell_of_new_triggers()
