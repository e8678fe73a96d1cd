"""Many submissions at once: equal ones under one key, and others while the API server is killed under them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx

from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

CLIENTS = 100
ITEMS = (
    item("equal", scripted_call("make", "/equal")),
    item("cut-off", scripted_call("make", "/cut-off")),
)
ROWS_AND_RUNS = """
SELECT (SELECT array_agg(run_id ORDER BY run_id) FROM pao.request WHERE item_id = 'cut-off'),
       (SELECT array_agg(run_id ORDER BY run_id) FROM dag_run WHERE dag_id = 'default.cut-off')
"""


def test_a_hundred_equal_submissions_make_one_request(developer: Portal, scripted: ScriptedTarget, stack: RunningStack):
    """Each client is answered with it, and what it orders happens once."""
    body = {"item_id": "equal", "fields": {"name": "equal"}}
    headers = {"Idempotency-Key": "5c1b-equal"}

    def submit(_: int) -> httpx.Response:
        with developer.at(stack.base_url) as client:
            return client.post_request(body, headers=headers)

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(submit, range(CLIENTS)))

    assert {202} == {answer.status_code for answer in answers}
    (request_id,) = {answer.json()["id"] for answer in answers}
    assert CLIENTS - 1 == sum("Idempotency-Replayed" in answer.headers for answer in answers)
    assert "completed" == developer.ended(request_id)["status"]
    assert 1 == len(scripted.calls("/equal/equal"))
    assert 1 == len(stack.rows("SELECT id FROM pao.request WHERE item_id = 'equal'"))


def test_a_request_and_its_run_appear_together_or_not_at_all(developer: Portal, stack: RunningStack):
    """The API server is killed with many under way: who was answered has a request, and none is half made."""
    numbers, answered = count(), []

    def submit_until_it_breaks(_: int) -> None:
        with developer.at(stack.base_url) as client:
            while True:
                try:
                    answered.append(client.submit("cut-off", f"cut-off-{next(numbers)}"))
                except (httpx.TransportError, AssertionError):
                    return

    with ThreadPoolExecutor(20) as pool:
        done = [pool.submit(submit_until_it_breaks, number) for number in range(20)]
        wait_for(lambda: len(answered) > 30, "submissions are under way")
        stack.kill("api-server")
        for one in done:
            one.result(timeout=60)
    stack.wait_until_ready()
    ((rows, runs),) = stack.rows(ROWS_AND_RUNS)

    assert rows == runs
    assert set(answered) <= set(rows)
    assert {"completed"} == {developer.ended(request_id)["status"] for request_id in rows}
