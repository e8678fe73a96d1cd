"""Every failure is a problem (RFC 9457), and none tells how the server is made."""

from __future__ import annotations

import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api_plugin import problem_responses
from api_plugin.correlation import CorrelationMiddleware
from api_plugin.exceptions import FieldProblem, conflict, invalid_fields, not_found, not_signed_in, unavailable


class ToldError(Exception):
    """What the driver raises for an error that the server told, with its code."""

    def __init__(self, pgcode):
        super().__init__("the server said no")
        self.pgcode = pgcode


DATABASE_ERRORS = {
    "refused": OperationalError("SELECT 1", {}, Exception("connection refused")),
    "broken": InterfaceError("SELECT 1", {}, Exception("closed"), connection_invalidated=True),
    "busy": PoolTimeoutError("QueuePool limit reached"),
    "deadlock": OperationalError("UPDATE", {}, ToldError("40P01")),
    "wrong": ProgrammingError("SELEC", {}, ToldError("42601")),
    "broken rule": IntegrityError("INSERT", {}, ToldError("23505")),
}


@pytest.fixture
def app():
    app = FastAPI()
    problem_responses.install(app)
    app.add_middleware(CorrelationMiddleware)

    @app.get("/fault")
    def fault():
        raise RuntimeError("password=hunter2")

    @app.get("/conflict")
    def in_conflict():
        raise conflict("stale-revision", "load the form again", current_revision="abc")

    @app.get("/fields")
    def wrong():
        raise invalid_fields([FieldProblem(pointer="/fields/a", code="required", message="is missing")])

    @app.get("/who")
    def who():
        raise not_signed_in("sign in")

    @app.get("/away")
    def away():
        raise unavailable("wait", retry_after=7)

    @app.get("/gone")
    def gone():
        raise not_found("no '\ud800' here")

    @app.get("/database/{kind}")
    def database(kind: str):
        raise DATABASE_ERRORS[kind]

    @app.get("/numbers/{number}")
    def number(number: int, limit: int = 1):
        return number + limit

    return app


def test_a_problem_says_all_that_the_contract_names(call, app):
    """And what is special to it, such as the current revision."""
    answer = call(app, path="/conflict", headers={"X-Correlation-ID": "mine"})

    assert 409 == answer.status_code
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert {
        "type": "urn:pao:problem:stale-revision",
        "title": "Conflict with the present state",
        "status": 409,
        "detail": "load the form again",
        "instance": "/conflict",
        "code": "stale-revision",
        "correlation_id": "mine",
        "current_revision": "abc",
    } == answer.json()


def test_wrong_values_are_listed(call, app):
    """Each with where, what kind and why."""
    answer = call(app, path="/fields")

    assert [{"pointer": "/fields/a", "code": "required", "message": "is missing"}] == answer.json()["errors"]
    assert "1 value is not accepted; see errors for each" == answer.json()["detail"]


def test_headers_that_belong_to_a_status_are_sent(call, app):
    """How to sign in, and when to come back."""
    assert "Bearer" == call(app, path="/who").headers["WWW-Authenticate"]
    assert "7" == call(app, path="/away").headers["Retry-After"]


def test_a_fault_keeps_its_details_to_the_log(call, app):
    """The caller gets the id under which the log has them."""
    with structlog.testing.capture_logs() as logs:
        answer = call(app, path="/fault", headers={"X-Correlation-ID": "mine"})

    assert (500, "internal-error", "mine") == (
        answer.status_code,
        answer.json()["code"],
        answer.json()["correlation_id"],
    )
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert [("mine", "/fault")] == [(entry["correlation_id"], entry["path"]) for entry in logs]
    assert isinstance(logs[0]["exc_info"], RuntimeError)


@pytest.mark.parametrize(
    ("kind", "status", "code", "retry_after"),
    [
        ("refused", 503, "unavailable", "5"),
        ("broken", 503, "unavailable", "5"),
        ("busy", 503, "unavailable", "5"),
        ("deadlock", 503, "unavailable", "5"),
        ("wrong", 500, "internal-error", None),
        ("broken rule", 500, "internal-error", None),
    ],
)
def test_a_database_that_is_away_is_no_fault_of_the_server(call, app, kind, status, code, retry_after):
    """Trying again helps, so the caller is told when; statements that can never work are faults."""
    with structlog.testing.capture_logs() as logs:
        answer = call(app, path=f"/database/{kind}", headers={"X-Correlation-ID": "mine"})

    assert (status, code, retry_after) == (
        answer.status_code,
        answer.json()["code"],
        answer.headers.get("Retry-After"),
    )
    assert ["mine"] == [entry["correlation_id"] for entry in logs]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("POST", "/conflict", 405, "method-not-allowed"),
        ("GET", "/numbers/x", 422, "invalid-body"),
        ("GET", "/numbers/1?limit=x", 422, "invalid-body"),
        ("GET", "/gone", 404, "not-found"),
    ],
)
def test_the_frameworks_own_errors_are_problems_too(call, app, method, path, status, code):
    """Also text that has no UTF-8 form does not make a fault."""
    answer = call(app, method, path)

    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert "application/problem+json" == answer.headers["Content-Type"]
