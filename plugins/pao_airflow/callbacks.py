"""What happens when a DAG run fails: Airflow's DAG processor calls this, outside of any database session.

It only tells the API, which looks at the run's present state and starts what the item's policy asks. A call that gets
lost is made good by the reconcile DAG.
"""

from __future__ import annotations

from typing import Any

import structlog
from airflow.configuration import conf as airflow_config
from airflow.sdk.bases.hook import BaseHook
from api_plugin.client import ApiClient, ApiError

from catalog_compiler.settings import SECTION, PaoSettings

log = structlog.get_logger(__name__)


class RunFailed:
    """The `on_failure_callback` of compiled DAGs."""

    def __call__(self, context: dict[str, Any]) -> None:
        """Tell the API that this run ended."""
        dag_id, run_id = context["dag"].dag_id, context["run_id"]
        try:
            with service_client() as client:
                client.settle(dag_id=dag_id, run_id=run_id)
        except ApiError as error:
            log.warning("run end not reported; the reconcile DAG will", dag_id=dag_id, run_id=run_id, error=str(error))


def service_client() -> ApiClient:
    """A client that signs in as the service principal, by the connection that `[pao] service_connection` names."""
    settings = PaoSettings.load(lambda name: airflow_config.get(SECTION, name, fallback=None))
    connection = BaseHook.get_connection(settings.service_connection)
    return ApiClient(base_url=str(connection.host), token=str(connection.password))
