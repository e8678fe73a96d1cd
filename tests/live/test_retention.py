"""What outlives Airflow's rows, and what is gone for good: by `airflow db clean`, the DAG `retention`, an erasure."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.live.airflow_api import AirflowApi
from tests.live.items import item, scripted_call, undo
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import Reply, ScriptedTarget

PERSON = {"username": "zuzanna", "email": "zuzanna.q@example.com", "first_name": "Zuzanna", "last_name": "Quillfeather"}
PASSWORD = "known to the tests alone"
SAID = "the quokka sanctuary"
"""A value of theirs."""
LAPSED = {"old": 91, "old-standing": 91, "recent": 89}
"""For how many days requests have ended: completed ones are kept for 90."""


def step(name: str, **more: object) -> dict:
    """Makes something by POST, under an id that its undo needs."""
    gone = scripted_call("gone", f"/kept-{name}/{{{{response.{name}.id}}}}", "DELETE")
    body = {"for": "{{fields.name}}", "note": "{{fields.note}}"}
    return scripted_call(name, f"/kept-{name}", body=body, rollback=undo(gone), mapping={"id": "$.id"}, **more)


STANDING = [{"type": "thing", "id": "{{response.first.id}}"}]
NOTE = {"id": "note", "type": "string"}
ITEMS = (
    item("kept", step("first"), step("second"), fields=(NOTE,)),
    item("kept-standing", step("first", resources=STANDING), step("second"), fields=(NOTE,)),
)


@pytest.fixture(scope="module")
def account(stack: RunningStack, portals: dict[str, Portal]) -> dict[str, set[str]]:
    """What the sign-in keeps of the person, who has ordered nothing yet: where their words stand."""
    user = {**PERSON, "password": PASSWORD, "roles": [{"name": "PAO Developer"}]}
    portals["admin"].http.post("/auth/fab/v1/users", json=user).raise_for_status()
    return {word: stack.places_of(word) for word in (PERSON["email"], PERSON["last_name"])}


@pytest.fixture(scope="module")
def person(stack: RunningStack, portals: dict[str, Portal], account: dict[str, set[str]]) -> Iterator[Portal]:
    """Somebody who will be erased."""
    credentials = {"username": PERSON["username"], "password": PASSWORD}
    answer = portals["nobody"].http.post("/auth/token", json=credentials).raise_for_status()
    with Portal.signed_in(stack.base_url, answer.json()["access_token"]) as portal:
        yield portal


@pytest.fixture(scope="module")
def kept(person: Portal, airflow: AirflowApi, scripted: ScriptedTarget) -> dict[str, dict]:
    """Requests by name that have completed, and of which snapshots were taken."""
    for name in LAPSED:
        for place in ("first", "second"):
            scripted.script(f"/kept-{place}/{name}", Reply(body=f'{{"id": "{place}-1"}}'))
    items = {name: "kept-standing" if name == "old-standing" else "kept" for name in LAPSED}
    ids = {name: person.submit(item_id, name, {"note": SAID}) for name, item_id in items.items()}
    found = {name: person.ended(request_id) for name, request_id in ids.items()}
    assert dict.fromkeys(LAPSED, "completed") == {name: request["status"] for name, request in found.items()}
    assert "success" == airflow.run("reconcile")["state"]
    return found


def undone(scripted: ScriptedTarget, name: str) -> list[str]:
    """What was undone at the target, in that order."""
    calls = [call for place in ("first", "second") for call in scripted.calls(f"/kept-{place}/{place}-1/{name}")]
    return [call.path.split("/")[2] for call in sorted(calls, key=lambda call: call.at) if call.method == "DELETE"]


def roll_back(portal: Portal, request_id: str) -> dict:
    answer = portal.http.post(f"/api/v1/requests/{request_id}/rollback", json={})
    assert 202 == answer.status_code, answer.text
    return portal.ended(request_id)


def runs_of(stack: RunningStack, request_id: str) -> int:
    """How many runs Airflow has of a request."""
    return stack.rows("SELECT count(*) FROM dag_run WHERE run_id = %s", request_id)[0][0]


def test_what_was_kept_long_enough_is_deleted(
    kept: dict[str, dict], person: Portal, airflow: AirflowApi, stack: RunningStack
):
    """With its run and its logs; of what still stands all goes but what undoing it needs; newer requests stay."""
    for name, days in LAPSED.items():
        stack.change(
            "UPDATE pao.request SET ended_at = ended_at - make_interval(days => %s) WHERE id = %s",
            days, kept[name]["id"],
        )  # fmt: skip

    assert "success" == airflow.run("retention")["state"]

    assert {"old": 404, "old-standing": 200, "recent": 200} == {
        name: person.http.get(f"/api/v1/requests/{request['id']}").status_code for name, request in kept.items()
    }
    assert {"old": 0, "old-standing": 0, "recent": 1} == {
        name: runs_of(stack, request["id"]) for name, request in kept.items()
    }
    folders = stack.settings.airflow_home / "logs"
    assert {"old": 0, "old-standing": 0, "recent": 1} == {
        name: len(list(folders.glob(f"dag_id=*/run_id={request['id']}"))) for name, request in kept.items()
    }


def test_airflow_may_clean_up_what_has_ended(kept: dict[str, dict], person: Portal, stack: RunningStack):
    """The request is shown as before by everything that shows it."""
    request_id = kept["recent"]["id"]
    shown = [person.get(f"/requests/{request_id}{part}") for part in ("", "/status", "/outputs/first")]

    subprocess.run(
        [
            stack.settings.bin / "airflow", "db", "clean", "--yes", "--skip-archive",
            "--clean-before-timestamp", "2999-01-01", "--tables", "dag_run,task_instance,xcom",
            "--dag-ids", "default.kept",
        ],
        env=dict(stack.environment), check=True, capture_output=True,
    )  # fmt: skip

    assert 0 == runs_of(stack, request_id)
    assert shown == [person.get(f"/requests/{request_id}{part}") for part in ("", "/status", "/outputs/first")]


@pytest.mark.parametrize("name", ["recent", "old-standing"])
def test_it_is_undone_from_what_was_kept(kept: dict[str, dict], person: Portal, scripted: ScriptedTarget, name):
    """Newest first, each once, whoever took Airflow's rows."""
    request = roll_back(person, kept[name]["id"])

    assert ("rolled_back", None) == (request["status"], request["error"])
    assert ["rolled_back", "rolled_back"] == [action["status"] for action in request["actions"]]
    assert ["second-1", "first-1"] == undone(scripted, name)


def test_nothing_is_left_of_who_is_erased(
    kept: dict[str, dict],
    account: dict[str, set[str]],
    portals: dict[str, Portal],
    person: Portal,
    stack: RunningStack,
):
    """But their account, which is the sign-in's; their requests are still counted."""
    answer = portals["operator"].http.post("/api/v1/people/erase", json={"user": PERSON["email"]})

    assert (200, 2) == (answer.status_code, answer.json()["requests"]), answer.text
    assert account == {word: stack.places_of(word) for word in account}
    assert set() == stack.places_of(SAID)
    pseudonym = answer.json()["pseudonym"]
    assert pseudonym == portals["operator"].request(kept["recent"]["id"])["user"]["name"]
    assert [404, 404] == [
        person.http.get(f"/api/v1/requests/{kept[name]['id']}").status_code for name in ("recent", "old-standing")
    ]
