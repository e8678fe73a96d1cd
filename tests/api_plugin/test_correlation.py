"""Each call has one id: the caller's, as far as it can do no harm, or a fresh one."""

from __future__ import annotations

import uuid

import pytest
import structlog
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from api_plugin.correlation import CorrelationMiddleware, correlation_id


async def tell(_request):
    bound = structlog.contextvars.get_contextvars()
    return JSONResponse({"id": correlation_id(), "logged": bound.get("correlation_id")})


APP = CorrelationMiddleware(Starlette(routes=[Route("/", tell)]))


@pytest.mark.parametrize("given", ["a", "2f1b0c9e-4a53-4a4e-9a55-2f7f7a0d9f10", "a.b_c:d/e+f=g-9", "x" * 128])
def test_a_callers_id_is_used_everywhere(call, given):
    """While the call is served, in its log lines, and in the answer."""
    answer = call(APP, headers={"X-Correlation-ID": given})

    assert {"id": given, "logged": given} == answer.json()
    assert given == answer.headers["X-Correlation-ID"]


@pytest.mark.parametrize("given", [None, "", "a b", "a\tb", "<script>", "a;b", "x" * 129, b"caf\xc3\xa9", b"\xff"])
def test_any_other_is_replaced(call, given):
    """One that could break a log line, a header or a page is not repeated."""
    headers = {} if given is None else {"X-Correlation-ID": given}

    answer = call(APP, headers=headers)

    assert uuid.UUID(answer.headers["X-Correlation-ID"]).version == 4
    assert answer.headers["X-Correlation-ID"] == answer.json()["id"]


def test_outside_of_a_call_there_is_none(call):
    """It ends with the call."""
    call(APP, headers={"X-Correlation-ID": "mine"})

    assert "" == correlation_id()
    assert "correlation_id" not in structlog.contextvars.get_contextvars()
