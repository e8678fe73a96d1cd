"""An engine that is just enough to be measured: it makes the three calls, records the run's end, and then answers."""

from __future__ import annotations

import sys
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import psycopg2

PORT, TARGET, DATABASE, CALLS = int(sys.argv[1]), urlsplit(sys.argv[2]), sys.argv[3], int(sys.argv[4])


def _execute(statement: str) -> None:
    with closing(psycopg2.connect(DATABASE)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


class _Engine(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        target = HTTPConnection("127.0.0.1", TARGET.port or 0)
        for number in range(1, CALLS + 1):
            target.request("POST", f"{TARGET.path}{self.path}/{number}")
            target.getresponse().read()
        target.close()
        _execute("INSERT INTO ended VALUES (clock_timestamp())")
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


_execute("CREATE TABLE ended (at timestamptz)")
ThreadingHTTPServer(("127.0.0.1", PORT), _Engine).serve_forever()
