"""`/health`: whether the platform works."""

from __future__ import annotations

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Response

from api_plugin.datamodels.health import HealthAnswer
from api_plugin.documentation import problems
from api_plugin.health import check_health, for_caller
from api_plugin.principals import MaybeCaller

router = APIRouter(tags=["administration"])


@router.get("/health", response_model=HealthAnswer, response_model_exclude_none=True, summary="Show health",
            responses=problems(503))  # fmt: skip
def show_health(response: Response, caller: MaybeCaller, session: SessionDep) -> HealthAnswer:
    """Show whether the platform works, and to signed-in callers each check of it. 503 where it does not.

    Which targets are left alone is told to those who may read operations.
    """
    health = check_health(session)
    if health.status == "unhealthy":
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return for_caller(health, caller)
