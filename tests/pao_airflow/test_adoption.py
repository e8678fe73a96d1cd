"""A run that was started in Airflow asks the API before its first action whether it may be a request."""

from __future__ import annotations

import asyncio
import json

import pytest
from pao_airflow.admission import RefusedError
from pao_airflow.adoption import adopted

from tests.pao_actions.conftest import Answer
from tests.pao_airflow.conftest import a_conf, a_step, a_task

STEP = a_step({"method": "GET", "url": "https://example.com"})


@pytest.fixture
def api(supervisor, target):
    """The API, as far as it is asked."""
    host, _, port = target.url.removeprefix("http://").partition(":")
    known = {"conn_type": "http", "host": host, "port": int(port), "schema": "http", "login": None, "password": "k"}
    supervisor.connections["pao_api"] = known
    return target


def ask(conf):
    return asyncio.run(adopted(STEP, a_task(conf))).conf


def test_it_goes_on_with_what_the_api_made_of_it(api):
    """The API is told which run it is, and which revision it runs."""
    api.answers = [Answer(200, json.dumps({"conf": {"signature": "s"}}).encode())]

    assert {"signature": "s"} == ask({"fields": {"name": "a"}})
    assert {"dag_id": "default.queue", "run_id": a_task({}).place.run_id, "revision": STEP.revision} == json.loads(
        api.only.body
    )


def test_a_run_of_the_api_asks_nothing(supervisor):
    """Its conf is signed."""
    conf = a_conf(STEP, name="a")

    assert conf is ask(conf)


def test_a_refusal_says_everything_that_is_wrong(api):
    """In the words that a caller of the API gets."""
    errors = [{"pointer": "/fields/name", "code": "required", "message": "is required; give a value"}]
    problem = {"detail": "1 value is not accepted; see errors for each", "errors": errors}
    api.answers = [Answer(422, json.dumps(problem).encode())]

    with pytest.raises(RefusedError) as caught:
        ask({})
    assert "1 value is not accepted; see errors for each; /fields/name: is required; give a value" == str(caught.value)


def test_without_a_way_to_the_api_it_does_not_begin(supervisor):
    """Its values can't be judged."""
    with pytest.raises(RefusedError, match="can't be accepted here: "):
        ask(None)
