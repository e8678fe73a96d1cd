"""The client tells a failure in the API's own words, with what was called."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from api_plugin.answer_examples.every import EXAMPLES
from api_plugin.client import ApiClient, ApiError


@pytest.fixture
def api():
    """A server that gives one answer; `api.answer` is status, type and body, `api.received` what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            size = int(self.headers.get("Content-Length") or 0)
            server.received.append((self.command, self.path, self.headers["Authorization"], self.rfile.read(size)))
            status, kind, body = server.answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            """Stay silent."""

    for method in ("GET", "POST"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.received, server.answer = [], (200, "application/json", b'{"examined": 1}')
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("called", "name", "where", "body"),
    [
        (lambda client: client.reconcile(), "reconcile", "POST /api/v1/internal/reconcile", None),
        (lambda client: client.apply_retention(), "apply_retention", "POST /api/v1/internal/retention", None),
        (lambda client: client.me(), "show_me", "GET /api/v1/me", None),
        (
            lambda client: client.settle(dag_id="default.a", run_id="r"),
            "settle_run",
            "POST /api/v1/internal/settle",
            {"dag_id": "default.a", "run_id": "r"},
        ),
        (
            lambda client: client.note_breakers("triggerer-0", [{"target": "a:1"}]),
            "note_breakers",
            "POST /api/v1/internal/breakers",
            {"process": "triggerer-0", "breakers": [{"target": "a:1"}]},
        ),
        (
            lambda client: client.refresh_catalog("default"),
            "refresh_catalog",
            "POST /api/v1/internal/catalogs/default/refresh",
            None,
        ),
        (
            lambda client: client.catalog_state("default"),
            "show_catalog_state",
            "GET /api/v1/internal/catalogs/default",
            None,
        ),
        (
            lambda client: client.catalog_state("default", since=7),
            "show_catalog_state",
            "GET /api/v1/internal/catalogs/default?since=7",
            None,
        ),
        (
            lambda client: client.note_report("default", owner="a", digest="d"),
            "note_report",
            "POST /api/v1/internal/catalogs/default/reported",
            {"owner": "a", "digest": "d"},
        ),
    ],
)
def test_what_an_operation_answers_is_a_model(api, called, name, where, body):
    """The one that the API documents, here by its example; signed in by the token."""
    api.answer = (200, "application/json", json.dumps(EXAMPLES[name]).encode())
    with ApiClient(base_url=api.url + "/", token="pao_key") as client:
        answer = called(client)

    assert EXAMPLES[name] == json.loads(answer.model_dump_json())
    ((method, path, authorization, content),) = api.received
    assert (where, "Bearer pao_key") == (f"{method} {path}", authorization)
    assert body == (json.loads(content) if content else None)


def failure(api):
    with ApiClient(base_url=api.url, token="pao_key") as client, pytest.raises(ApiError) as error:
        client.reconcile()
    return error.value


def test_a_problem_is_told_as_the_api_said_it(api):
    """The problem itself is at hand for who wants to act on its code."""
    api.answer = (403, "application/problem+json", b'{"code": "not-allowed", "detail": "no such permission"}')

    error = failure(api)

    assert "POST /api/v1/internal/reconcile: 403, no such permission" == str(error)
    assert (403, "not-allowed") == (error.status, error.problem["code"])


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (502, b"<html>Bad gateway</html>", "502, <html>Bad gateway</html>"),
        (500, b"", "500, "),
        (500, b"x" * 1000, "500, " + "x" * 200),
        (400, b'{"title": "Bad"}', "400, Bad"),
        (400, b'["a list"]', '400, ["a list"]'),
        (400, b'"a text"', '400, "a text"'),
    ],
)
def test_another_answer_is_told_by_its_beginning(api, status, body, said):
    """A proxy in between answers in its own way."""
    api.answer = (status, "text/html", body)

    error = failure(api)

    assert f"POST /api/v1/internal/reconcile: {said}" == str(error)
    assert status == error.status


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b"[]", b"null"])
def test_a_good_status_with_something_else_is_an_error_too(api, body):
    """As from a sign-in page in between: callers catch `ApiError` and nothing else."""
    api.answer = (200, "text/html", body)

    assert 200 == failure(api).status


def test_an_api_that_is_away_is_named(api):
    """With what to check."""
    api.shutdown()
    api.server_close()

    error = failure(api)

    assert str(error).startswith("POST /api/v1/internal/reconcile: the API can't be reached (")
    assert str(error).endswith("is it running?")
    assert error.status is None


def test_the_accounts_of_teams_are_given_as_they_are(api):
    """Team to account."""
    api.answer = (200, "application/json", b'{"jira_accounts": {"ops": "ops@example.com"}}')

    with ApiClient(base_url=api.url, token="t") as client:
        assert {"ops": "ops@example.com"} == client.team_accounts("default")
    assert ("GET", "/api/v1/internal/catalogs/default/teams") == api.received[0][:2]
