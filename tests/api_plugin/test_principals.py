"""Who calls, by which credential; and that nobody is refused an open operation for what can't be looked up."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError, ProgrammingError
from starlette.requests import HTTPConnection

from api_plugin.principals import MaybeCaller, sent_credential
from api_plugin.sign_ins import SignIns


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": "Bearer a"}, "a"),
        ({"authorization": "bearer  a "}, "a"),
        ({"x-api-key": "pao_k"}, "pao_k"),
        ({"authorization": "Bearer a", "x-api-key": "pao_k"}, "a"),
        ({"authorization": "Basic YTpi", "x-api-key": "pao_k"}, "pao_k"),
        ({"authorization": "Basic YTpi"}, None),
        ({"authorization": "Bearer "}, None),
        ({"cookie": "_token=c"}, None),
        ({}, None),
    ],
)
def test_a_credential_is_sent_in_the_headers_that_are_made_for_it(headers, expected):
    """What signs nobody in counts as nothing sent, so that a cookie beside it stays a cookie."""
    scope = {"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}

    assert expected == (sent_credential(HTTPConnection(scope)) or None)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError("SELECT", {}, Exception("connection refused")), (200, "nobody")),
        (ProgrammingError("SELEC", {}, Exception("syntax")), (500, "Internal Server Error")),
    ],
)
def test_health_answers_signed_in_callers_while_the_database_is_away(call, error, expected):
    """As it answers everyone; a fault stays one."""

    class Away(SignIns):
        async def caller(self, *_asked):
            raise error

    app = FastAPI()
    app.state.sign_ins = Away(60)

    @app.get("/who")
    def who(caller: MaybeCaller):
        return "nobody" if caller is None else caller.id

    answer = call(app, path="/who", headers={"Authorization": "Bearer known"})

    assert expected == (answer.status_code, answer.text.strip('"'))
