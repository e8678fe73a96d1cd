"""`/internal/retention`: deletes what has been kept for long enough, for the DAG `retention` alone."""

from __future__ import annotations

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter

from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.datamodels.retention import RetentionAnswer
from api_plugin.documentation import problems
from api_plugin.principals import ServicePrincipal
from api_plugin.retention.retaining import Periods, retain

router = APIRouter(prefix="/internal", tags=["internal"])

SECONDS = 10.0
"""About as long as one call works; the caller calls again where there is more."""


@router.post(
    "/retention", response_model=RetentionAnswer, summary="Delete what was kept long enough",
    responses=problems(401, 403),
)  # fmt: skip
def apply_retention(_caller: ServicePrincipal, session: SessionDep) -> RetentionAnswer:
    """Delete requests that ended long enough ago with their runs and logs, and old entries of the audit trail.

    For about ten seconds, in transactions of a few requests each. A request of which something is active is not
    deleted, but keeps what undoing it needs.
    """
    found = settings()
    periods = Periods.of_days(
        completed=found.retention_completed, failed=found.retention_failed, audit=found.retention_audit
    )
    done = retain(session, periods, utc_now(), seconds=SECONDS)
    return RetentionAnswer.model_validate(done, from_attributes=True)
