"""A platform that is just enough to be measured: what is submitted has ended when it is answered."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pao_local.daemons import Daemons
from pao_local.processes import Supervisor
from pao_local.programs import Program
from pao_local.settings import Settings

from bench import contenders, crowd, growth, runs
from bench.calls import Account
from bench.recorder import Recorder
from bench.ways import STEPS

PROGRAM = (sys.executable, "-c", "import time; time.sleep(600)")


class SmallPlatform:
    """Stands in for `MeasuredStack`."""

    def __init__(self, folder: Path, port: int, recorder: Recorder) -> None:
        self.settings = Settings(
            root=folder, state=folder, port=port, catalog="", daemons=Daemons(triggerers=("pao", "airflow"))
        )
        self.developer = self.admin = Account(host="127.0.0.1", port=port, token="")
        self.recorder = recorder
        self.submitted: Counter[str] = Counter()
        """How often, by DAG."""
        self.triggerers: list[str] = []
        """Which triggerer ran when something was submitted, each time that it was another."""
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def database(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """Answers the queries that the parts have."""
        yield self._ask

    def _ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        answers: dict[str, Callable[[], tuple[Any, ...]]] = {
            "SELECT now()": lambda: (dt.datetime.now(dt.UTC),),
            runs.STATE: lambda: ("success",),
            runs.OPEN: lambda: (0,),
            runs.ENDED: lambda: (self.submitted[values[0]], 0),
            growth.COUNT: lambda: (self.submitted.total(),),
            crowd.AT_WORK: lambda: (self.submitted[values[0]],),
            contenders.REPORTED: lambda: (1,),
        }
        return [answers[query]()]

    def submit(self, dag: str, text: str) -> str:
        """Do what that DAG does."""
        with self._one_at_a_time:
            return self._do(dag, text)

    def _do(self, dag: str, text: str) -> str:
        states = Supervisor(self.settings).states()
        running = next(each.name for each in states if each.name.startswith("triggerer") and each.pid)
        if [running] != self.triggerers[-1:]:
            self.triggerers.append(running)
        connection = HTTPConnection("127.0.0.1", self.recorder.port)
        steps = (
            [f"/wait/{text}"] if dag == f"default.{crowd.WAITING}" else [f"/now/{text}/{step}" for step in (1, 2, 3)]
        )
        for path in steps:
            connection.request("POST", path)
            connection.getresponse().read()
        connection.close()
        self.submitted[dag] += 1
        return f"{dag}-{self.submitted[dag]}"


@contextmanager
def small_platform(folder: Path, recorder: Recorder) -> Iterator[SmallPlatform]:
    """One that runs while the block does, with both triggerers installed and ours at work."""
    server = _Server(("127.0.0.1", 0), _Api)
    platform = SmallPlatform(folder, server.server_port, recorder)
    server.platform = platform  # type: ignore[attr-defined]
    platform.settings.logs.mkdir()
    supervisor = Supervisor(platform.settings)
    supervisor.start(
        [Program(name=name, command=PROGRAM) for name in ("scheduler", "triggerer", "triggerer-2")], os.environ
    )
    supervisor.stop_program("triggerer-2")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
        supervisor.stop()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """As many clients may come at once."""


class _Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ours = self.path == "/api/v1/requests"
        dag = f"default.{body['item_id']}" if ours else self.path.split("/")[4]
        run = self.server.platform.submit(dag, (body["fields"] if ours else body["conf"])["text"])  # type: ignore[attr-defined]
        self._answer(202 if ours else 200, {"id": run, "dag_run_id": run})

    def do_GET(self) -> None:
        self._answer(200, {"status": "completed", "error": None, "state": "success"})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


STEPS_DAG = f"default.{STEPS}"
