"""The action type `dns-record` against a DNS service on this machine: `pytest` in this folder runs it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pao_actions.testing import make_context, run_action
from pao_dns_record.action import DnsRecord

from catalog_compiler.actions import ConfigFacts, Connection
from catalog_compiler.templates import Scope

CONFIG = {"zone": "example.com", "name": "{{fields.name}}", "value": "192.0.2.7"}
ORDERS = Scope(fields={"name": "orders"})


class DnsService:
    """`records` by path; `failures` is how many calls are answered 503 before the next one is taken."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}
        self.failures = 0
        self.connection = Connection(id="dns_default", type="http")


@pytest.fixture
def service() -> Iterator[DnsService]:
    """A fresh one."""
    world = DnsService()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if world.failures:
                world.failures -= 1
                self._answer(503)
                return
            world.records[self.path] = json.loads(body)
            self._answer(204)

        def do_DELETE(self) -> None:
            self._answer(204 if world.records.pop(self.path, None) else 404)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    world.connection = Connection(id="dns_default", type="http", host="127.0.0.1", port=server.server_address[1])
    yield world
    server.shutdown()
    server.server_close()


def test_sets_the_record(service: DnsService) -> None:
    """And gives its whole name to later actions."""
    outcome = run_action(DnsRecord(), CONFIG, scope=ORDERS, context=make_context(service.connection))

    assert outcome.result is not None
    assert {"fqdn": "orders.example.com"} == outcome.result.outputs
    assert {"/zones/example.com/records/orders": {"type": "A", "value": "192.0.2.7", "ttl": 300}} == service.records


def test_is_tried_again(service: DnsService) -> None:
    """A service that is away for a moment fails nothing; tests have a clock that needs no time."""
    service.failures = 2

    outcome = run_action(DnsRecord(), CONFIG, scope=ORDERS, context=make_context(service.connection))

    assert ("completed", 3) == (outcome.status, outcome.attempts)


def test_its_rollback_removes_the_record(service: DnsService) -> None:
    """With the config of what it undoes; one that is gone already counts as removed."""
    undo = DnsRecord.undo_config({}, CONFIG)
    run_action(DnsRecord(), CONFIG, scope=ORDERS, context=make_context(service.connection))

    for _ in range(2):
        context = make_context(service.connection, undoing=True)
        assert "completed" == run_action(DnsRecord(), undo, scope=ORDERS, context=context).status
    assert {} == service.records


@pytest.mark.parametrize("name", ["../../admin", "a/b", "a.example.com?x=1", "", "A"])
def test_a_value_can_not_lead_elsewhere(service: DnsService, name: str) -> None:
    """It is no name of a record, and nothing is called."""
    outcome = run_action(
        DnsRecord(), CONFIG, scope=Scope(fields={"name": name}), context=make_context(service.connection)
    )

    assert outcome.error is not None
    assert outcome.error.message.startswith("the action's config is not valid once its templates are filled in: 'name'")
    assert {} == service.records


def test_a_wrong_value_is_found_before_there_is_a_request() -> None:
    """At its place."""
    (problem,) = DnsRecord.check({**CONFIG, "value": "ingress.example.com"}, ConfigFacts(field_types={}))

    assert (("value",), "'ingress.example.com' is no IPv4 address") == (problem.path, problem.message)
