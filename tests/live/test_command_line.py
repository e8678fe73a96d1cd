"""`pao` as a user runs it: sign in, order, watch, read the log; and what the platform tells by itself, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.faulty_server import Faults, Reply, serving
from tests.live.catalog_repository import LiveCatalog
from tests.live.items import item, scripted_call
from tests.live.running_stack import RunningStack
from tests.live.waiting import wait_for

ITEMS = (item("commanded", scripted_call("make", "/commanded")),)
PAO = Path(sys.executable).parent / "pao"

Pao = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def hook() -> Iterator[tuple[Faults, str]]:
    """Who is told of requests, and where."""
    calls = Faults()
    with serving(lambda _: Reply(204), calls) as address:
        yield calls, address


@pytest.fixture(scope="module")
def url(stack: RunningStack, catalog: LiveCatalog, hook: tuple[Faults, str]) -> Iterator[str]:
    """An API server that tells of what completes."""
    connection = {"conn_type": "http", "host": f"{hook[1]}/told", "password": "a shared secret"}
    options = {
        "AIRFLOW_CONN_TOLD_BY_HOOK": json.dumps(connection),
        "AIRFLOW__PAO__NOTIFY_WEBHOOK_CONNECTION": "told_by_hook",
        "AIRFLOW__PAO__NOTIFY_OWNER_EVENTS": "completed",
        "AIRFLOW__PAO__NOTIFY_INTERVAL": "0.5",
    }
    with stack.another_api_server(options) as made:
        yield made


@pytest.fixture
def pao(tmp_path: Path) -> Pao:
    """Runs the command in a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}

    def running(*arguments: object, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PAO, *map(str, arguments)],
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**kept, "XDG_CONFIG_HOME": str(tmp_path)},
        )

    return running


def test_a_user_orders_and_follows(stack: RunningStack, url: str, pao: Pao, hook: tuple[Faults, str]):
    """From the password to the log, as the page of commands says; and the owner is told once."""
    signed_in = pao("login", url, "--username", "developer", typed=f"{stack.keys.developer_password}\n")
    assert (0, f"signed in at {url} as developer") == (signed_in.returncode, signed_in.stdout.partition(" until")[0])
    assert "commanded" in pao("catalog").stdout

    done = pao("submit", "commanded", "-f", "name=by-command", "--watch", "--format", "json")
    assert 0 == done.returncode, done.stderr
    request = json.loads(done.stdout)
    assert "completed" == request["status"]
    assert f"{request['id']} is completed" in done.stderr

    followed = pao("logs", request["id"], "--follow")
    assert 0 == followed.returncode, followed.stderr
    assert "request completed" in followed.stdout

    calls, _ = hook

    def told() -> list[dict[str, object]]:
        bodies = [json.loads(call.body) for call in calls.calls]
        return [body for body in bodies if body["request_id"] == request["id"]]

    wait_for(lambda: bool(told()), "the owner is told")
    assert [("completed", "commanded")] == [(each["event"], each["item_id"]) for each in told()]


def test_a_refused_password_is_one_sentence(url: str, pao: Pao):
    """As Airflow's auth manager refuses it."""
    done = pao("login", url, "--username", "developer", typed="wrong\n")

    assert (4, "pao login: the user or password is wrong\n") == (done.returncode, done.stderr)
