"""What a DAG run, and templates, are told of a request."""

from __future__ import annotations

from api_plugin.configuration import settings
from api_plugin.store.requests import Request
from catalog_compiler.plan import Mode
from catalog_compiler.run_format import RequestInfo, UserInfo


def info_of(request: Request, mode: Mode, user: UserInfo) -> RequestInfo:
    """What a DAG run is told of its request."""
    return RequestInfo(
        id=str(request.id),
        timestamp=request.created_at,
        catalog=request.catalog,
        url=f"{settings().base_url.rstrip('/')}/api/v1/requests/{request.id}",
        mode=mode,
        correlation_id=request.correlation_id,
        user=user,
        run_id=request.run_id if mode == request.mode and request.run_id != str(request.id) else None,
    )
