"""The main job on the example catalog: a form becomes a database with an owner and a DNS name, while one watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.live.airflow_api import AirflowApi
from tests.live.example_target import ExampleTarget
from tests.live.portal import Portal, Watched
from tests.live.running_stack import RunningStack

ITEM = "database-postgresql"
NAME = "main-job"
PASSWORD = "nobody-Ever-sees-th1s"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What the requester got to know."""

    submitted: dict[str, Any]
    watched: Watched
    ended: dict[str, Any]


@pytest.fixture(scope="module")
def job(developer: Portal) -> Job:
    """The request, from its submission to its end."""
    fields = {"database_name": NAME, "environment": "staging", "admin_password": PASSWORD}
    submitted = developer.post_request({"item_id": ITEM, "fields": fields}).json()
    watched = developer.watch(submitted["id"])
    return Job(submitted=submitted, watched=watched, ended=developer.request(submitted["id"]))


def test_the_answer_to_a_submission_shows_the_request_with_its_secret_masked(job):
    """A submission is answered at once, with every action still to come and the password shown to nobody."""
    assert "queued" == job.submitted["status"]
    assert "***" == job.submitted["fields"]["admin_password"]
    assert ["pending"] * 4 == [action["status"] for action in job.submitted["actions"]]


def test_the_watcher_is_told_everything_in_order(job):
    """First a snapshot, then one message a change, numbered without a gap, then `end`, and the close code 1000."""
    types = [message["type"] for message in job.watched.messages]
    first = job.watched.messages[0]["seq"]

    assert "snapshot" == types[0]
    assert {"status", "action"} == set(types[1:-1])
    assert "end" == types[-1]
    assert list(range(first + 1, first + 1 + len(job.watched.seqs))) == job.watched.seqs
    assert ["in_progress", "completed"] == job.watched.statuses
    assert 1000 == job.watched.code


def test_the_timeline_tells_every_step_with_its_time(job):
    """Submitted, validated, queued, in progress, completed: each with when it began."""
    assert ["submitted", "validated", "queued", "in_progress", "completed"] == [
        entry["status"] for entry in job.ended["timeline"]
    ]
    times = [entry["at"] for entry in job.ended["timeline"]]
    assert sorted(times) == times


def test_an_action_s_output_is_the_next_one_s_input(job):
    """`response.*` chains actions: the DNS name points to the host that the database got."""
    outputs = job.ended["outputs"]
    assert f"{NAME}.databases.example.com" == outputs["database"]["host"]
    assert f"{NAME}.example.com" == outputs["dns"]["fqdn"]
    assert ["completed"] * 4 == [action["status"] for action in job.ended["actions"]]
    assert [1] * 4 == [action["attempt"] for action in job.ended["actions"]]


def test_each_effect_happened_once(job, target: ExampleTarget):
    """The target did each thing exactly once, in the item's order."""
    assert [
        ("created", "databases"),
        ("created", "users"),
        ("created", "dns"),
        ("received", "notification"),
    ] == target.effects(NAME, job.ended["outputs"]["database"]["id"])


def test_the_password_is_nowhere(job, developer: Portal, airflow: AirflowApi, stack: RunningStack):
    """A `password` value is in no table, in no log file, and in no answer of PAO's or Airflow's API."""
    request_id = job.submitted["id"]
    for path in (f"/requests/{request_id}", f"/requests/{request_id}/status", "/requests"):
        developer.get(path)
    answers = "".join(developer.seen) + airflow.everything_of(f"default.{ITEM}", request_id)

    assert set() == stack.places_of(PASSWORD)
    assert PASSWORD not in answers
    # The same search does find what is not secret.
    assert {"pao.request", "public.dag_run"} <= stack.places_of(NAME)
    assert any(place.endswith(".log") for place in stack.places_of(request_id))
    assert NAME in answers
