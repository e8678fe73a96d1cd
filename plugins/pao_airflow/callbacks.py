"""What happens when a DAG run fails: Airflow's DAG processor calls this, outside of any database session.

It only tells the API, which looks at the run's present state and starts what the item's policy asks. A call that gets
lost is made good by the reconcile DAG.
"""

from __future__ import annotations

import structlog
from airflow.sdk import Context

from api_plugin.client import ApiError
from pao_airflow.service import service_client

log = structlog.get_logger(__name__)


class RunFailed:
    """The `on_failure_callback` of compiled DAGs."""

    def __call__(self, context: Context) -> None:
        """Tell the API that this run ended."""
        dag_id, run_id = context["dag"].dag_id, context["run_id"]
        try:
            with service_client() as client:
                client.settle(dag_id=dag_id, run_id=run_id)
        except ApiError as error:
            log.warning("run end not reported; the reconcile DAG will", dag_id=dag_id, run_id=run_id, error=str(error))
