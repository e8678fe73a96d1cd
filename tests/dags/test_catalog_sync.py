"""The DAG `catalog_sync` tells how the look went that it asked for, not how an earlier one went."""

from __future__ import annotations

import datetime as dt
import json
import runpy
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from api_plugin.answer_examples.internal import EXAMPLES
from api_plugin.client import ApiClient
from api_plugin.datamodels.internal import CatalogState
from tests.pao_actions.conftest import Answer

FILE = Path(__file__).resolve().parents[2] / "dags" / "catalog_sync.py"


@pytest.fixture(scope="module")
def module():
    """What the file defines."""
    return runpy.run_path(str(FILE))


def at(clock):
    """A time of the day that all of it happens on."""
    return dt.datetime.fromisoformat(f"2026-03-01T{clock}:00+00:00")


def a_state(**values):
    """What the API tells of a catalog."""
    return CatalogState.model_validate(EXAMPLES["show_catalog_state"] | {"catalog": "main", "waiting": []} | values)


def as_answer(**values):
    return Answer(200, a_state(**values).model_dump_json().encode())


def state(refreshed_at="10:00", failing_since=None, failure=None):
    return as_answer(refreshed_at=at(refreshed_at), failing_since=failing_since and at(failing_since), failure=failure)


def refreshed(module, target, *answers, seconds=30.0):
    """What comes of it where the API answers so: first the ask, then each look; the last answer for ever."""
    target.answers = list(answers)
    with ApiClient(base_url=target.url, token="pao_key") as client:
        return module["refreshed"](client, "main", seconds=seconds, every=0)


OLD = {"failing_since": "09:00", "failure": "was away"}


def test_a_success_after_the_ask_is_the_result(module, target):
    """Whatever the states before it."""
    assert at("10:01") == refreshed(module, target, state(), state(), state("10:01")).refreshed_at
    assert [("POST", "/api/v1/internal/catalogs/main/refresh")] + [("GET", "/api/v1/internal/catalogs/main")] * 2 == [
        (received.method, received.path) for received in target.received
    ]


def test_a_failure_from_before_the_ask_is_not_its_result(module, target):
    """The repository is back; the look that was asked for finds it."""
    found = refreshed(module, target, state(**OLD), state(**OLD), state("10:01"))

    assert (at("10:01"), None) == (found.refreshed_at, found.failing_since)


def test_a_failure_after_the_ask_ends_it_at_once(module, target):
    """With its reason."""
    with pytest.raises(RuntimeError, match="the repository of 'main' can't be read: is away"):
        refreshed(module, target, state(), state(), state(failing_since="10:01", failure="is away"))


def test_a_failure_that_goes_on_is_told_in_the_end(module, target):
    """Each look at a repository that stays away leaves the same state."""
    with pytest.raises(RuntimeError, match="can't be read: was away"):
        refreshed(module, target, state(**OLD), state(**OLD), seconds=0)


def test_no_look_in_time_says_where_to_look(module, target):
    """The DAG processor does it."""
    with pytest.raises(RuntimeError, match="'main' was not refreshed within 0 s; look at the DAG processor's log"):
        refreshed(module, target, state(), state(), seconds=0)


WAITING = [{"item_id": "queue", "reason": "its DAG can't be imported: ImportError: no such module"}]
REPORTS = [
    {"owner": name, "contact": None, "problems": [], "digest": "d1"} for name in ("team-a", "team-b")
]  # fmt: skip


@pytest.fixture
def client(target):
    with ApiClient(base_url=target.url, token="pao_key") as client:
        yield client


def test_it_waits_until_everything_is_ready(module, target, client):
    """And gives the state then."""
    target.answers = [as_answer(waiting=WAITING), as_answer(waiting=WAITING), as_answer(commit="beef")]

    state = module["converged"](client, "main", since=7, seconds=30, every=0)

    assert "beef" == state.commit
    assert {"/api/v1/internal/catalogs/main?since=7"} == {received.path for received in target.received}


def test_what_does_not_get_ready_is_named_with_its_reason(module, target, client):
    """Not retried: it has waited long enough."""
    target.answers = [as_answer(waiting=WAITING)]

    with pytest.raises(AirflowFailException, match="not ready in 'main' after 0 s: queue: its DAG can't be imported"):
        module["converged"](client, "main", since=7, seconds=0, every=0)


def test_an_owner_counts_as_told_once_they_were(module, target, client, monkeypatch):
    """The note follows the message; one who can't be told keeps no other from it, and is tried again."""
    monkeypatch.setenv("AIRFLOW_CONN_TEAMS", json.dumps({"conn_type": "http", "host": target.url}))
    target.answers = [Answer(500), Answer(), Answer(200, b'{"catalogs": ["main"]}')]

    with pytest.raises(RuntimeError, match="team-a could not be told by 'teams': 500"):
        module["report"](client, a_state(reports=REPORTS), "teams")

    assert ["/", "/", "/api/v1/internal/catalogs/main/reported"] == [received.path for received in target.received]
    assert ["team-a", "team-b", "team-b"] == [json.loads(received.body)["owner"] for received in target.received]


def test_without_a_connection_the_log_alone_tells(module, target, client):
    """Nobody counts as told, so that whoever sets one later hears of everything."""
    module["report"](client, a_state(reports=REPORTS), None)

    assert [] == target.received


def test_a_run_is_for_the_catalog_that_was_asked_for_or_for_all(module, target, client):
    """Each once."""
    target.answers = [Answer(200, b'{"catalogs": ["default", "staging"]}')]

    assert [["default", "staging"], ["other"]] == [
        module["wanted"](client, {"catalog": asked}) for asked in (None, "other")
    ]
    assert module["dag"].params.validate() == {"catalog": None}
    assert ["catalogs", "synchronise"] == sorted(module["dag"].task_ids)
