"""News of what actions wait for: told once to all triggerers, where the system vouches for it."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from airflow import settings as airflow_settings
from sqlalchemy import select

from api_plugin.clock import utc_now
from api_plugin.store.catalog import WebhookDelivery
from api_plugin.store.notices import SIGNALS, listening
from api_plugin.webhooks.secrets import WebhookSecrets
from api_plugin.webhooks.telling import KEPT
from tests.api_plugin.conftest import a_rest_app

PAYLOADS = Path(__file__).parents[1] / "webhooks" / "payloads" / "news"
HELD = {"pao_github_webhook": ("new", "old"), "jira_default_webhook": ("secret",), "jira_dc_webhook": ("other",)}
RUN = (PAYLOADS / "github-workflow-run.json").read_bytes()
UPDATED, MOVED, DELETED, COMMENT = (
    (PAYLOADS / f"jira-{name}.json").read_bytes()
    for name in ("issue-updated", "issue-moved", "issue-deleted", "comment-created")
)
PING = b'{"zen": "Keep it logically awesome."}'


@pytest.fixture
def app(world):
    """The API, which holds the secrets of GitHub and of two Jiras."""
    secrets = WebhookSecrets(look_up=lambda connection_id: HELD.get(connection_id, ()))
    return a_rest_app("webhooks", catalogs=world.cache, webhook_secrets=secrets)


@pytest.fixture
def heard(world):
    """What a triggerer hears, when it is asked."""
    with listening(airflow_settings.get_engine(), SIGNALS) as connection:

        def names():
            # What was committed before a call is told before its answer.
            connection.cursor().execute("SELECT 1")
            connection.poll()
            found = [notice.payload for notice in connection.notifies]
            connection.notifies.clear()
            return found

        yield names


@pytest.fixture
def deliver(call, app):
    """Sends a body with headers to an operation."""

    def sending(path, body, headers):
        return call(
            app, "POST", f"/webhooks/{path}", content=body, headers={"Content-Type": "application/json"} | headers
        )

    return sending


def sha256_of(body, secret):
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def github(body, secret="new", event="workflow_run"):
    return {"X-GitHub-Event": event, "X-Hub-Signature-256": sha256_of(body, secret), "X-GitHub-Delivery": "d-1"}


def jira(body, secret="secret"):
    return {"X-Hub-Signature": sha256_of(body, secret), "X-Atlassian-Webhook-Identifier": "w-1"}


@pytest.mark.parametrize(
    ("path", "body", "headers", "expected"),
    [
        ("github", RUN, github(RUN), ["github:github.com/example/infrastructure/30433642"]),
        ("github", RUN, github(RUN, secret="old"), ["github:github.com/example/infrastructure/30433642"]),
        ("jira/jira_default", UPDATED, jira(UPDATED), ["jira:jira_default:OPS-7"]),
        ("jira/jira_dc", UPDATED, jira(UPDATED, "other"), ["jira:jira_dc:OPS-7"]),
        ("jira/jira_default", DELETED, jira(DELETED), ["jira:jira_default:OPS-7"]),
        ("jira/jira_default", MOVED, jira(MOVED), ["jira:jira_default:DB-31", "jira:jira_default:OPS-7"]),
    ],
)
def test_news_is_told_to_every_triggerer(deliver, heard, path, body, headers, expected):
    """By the name that an action waits for; of a moved issue by both its keys."""
    answer = deliver(path, body, headers)

    assert (202, {"signals": expected}) == (answer.status_code, answer.json())
    assert expected == heard()


@pytest.mark.parametrize("action", ["requested", "in_progress", "completed"])
def test_every_step_of_a_run_is_news(deliver, heard, action):
    """Whoever waits for its end looks once more than needed; whoever waits for its start is told."""
    body = json.dumps(json.loads(RUN) | {"action": action}).encode()

    assert 202 == deliver("github", body, github(body)).status_code
    assert 1 == len(heard())


def test_a_run_of_an_enterprise_server_is_named_by_its_host(deliver, heard):
    """The same repository may be at two hosts."""
    body = RUN.replace(b"https://github.com/", b"https://GitHub.example.com:8443/")

    deliver("github", body, github(body))

    assert ["github:github.example.com/example/infrastructure/30433642"] == heard()


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("github", RUN, github(RUN, event="push")),
        ("github", PING, github(PING, event="ping")),
        ("jira/jira_default", COMMENT, jira(COMMENT)),
        ("jira/jira_default", b'{"webhookEvent": "project_created"}', jira(b'{"webhookEvent": "project_created"}')),
    ],
)
def test_anything_else_is_answered_and_left(deliver, heard, world, path, body, headers):
    """Nobody can wait for it, and nothing is remembered."""
    answer = deliver(path, body, headers)

    assert (204, b"") == (answer.status_code, answer.content)
    assert [] == heard() == world.session.scalars(select(WebhookDelivery)).all()


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("github", {"X-GitHub-Event": "workflow_run"}),
        ("github", github(RUN, secret="guessed")),
        ("github", github(RUN + b" ")),
        ("github", {"X-GitHub-Event": "workflow_run", "X-Hub-Signature": sha256_of(RUN, "new")}),
        ("jira/jira_default", {}),
        ("jira/jira_default", jira(RUN, "other")),
        ("jira/jira_default", {"Authorization": "Bearer pao_key"}),
    ],
)
def test_what_nobody_vouches_for_is_refused(deliver, heard, path, headers):
    """One connection's secret is not another's."""
    answer = deliver(path, RUN, headers)

    assert (401, "not-signed-by-host") == (answer.status_code, answer.json()["code"])
    assert [] == heard()


def test_a_connection_without_a_secret_is_not_set_up(deliver):
    """The answer says what to make."""
    answer = deliver("jira/jira_other", UPDATED, jira(UPDATED))

    assert (404, "webhook-not-configured") == (answer.status_code, answer.json()["code"])
    assert "'jira_other_webhook'" in answer.json()["detail"]


@pytest.mark.parametrize("connection", ["a b", "a%2Fb", "x" * 201])
def test_a_connection_that_can_not_be_one_is_refused(deliver, connection):
    """Before any secrets backend is asked for it."""
    assert deliver(f"jira/{connection}", UPDATED, jira(UPDATED)).status_code in {404, 422}


def test_a_copy_is_refused(deliver, heard):
    """Somebody else's, or GitHub's `Redeliver`, whatever delivery id it has."""
    deliver("github", RUN, github(RUN))
    heard()

    answer = deliver("github", RUN, github(RUN) | {"X-GitHub-Delivery": "d-2"})

    assert (409, "replayed-delivery") == (answer.status_code, answer.json()["code"])
    assert [] == heard()


def test_jira_is_not_made_to_send_a_copy_again(deliver, heard):
    """It would repeat what is answered with 409 five times."""
    deliver("jira/jira_default", UPDATED, jira(UPDATED))
    heard()

    assert (204, []) == (deliver("jira/jira_default", UPDATED, jira(UPDATED)).status_code, heard())


def test_news_is_forgotten_after_a_day(deliver, world):
    """The table does not grow with what an organisation runs; what a catalog's pushes left stays."""
    for host in ("github-news", "github"):
        world.session.add(WebhookDelivery(digest=host, host=host, received_at=utc_now() - KEPT * 1.1))
    world.session.commit()

    deliver("github", RUN, github(RUN))

    left = set(world.session.scalars(select(WebhookDelivery.digest)))
    assert (False, True, 2) == ("github-news" in left, "github" in left, len(left))


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("github", b"{", (400, "malformed-json")),
        ("github", b"[]", (422, "invalid-body")),
        ("github", b'{"workflow_run": {"id": "x"}, "repository": {}}', (422, "invalid-body")),
        ("jira/jira_default", b"{}", (422, "invalid-body")),
        ("jira/jira_default", b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "1"}}', (422, "invalid-body")),
    ],
)
def test_what_can_not_be_read_is_told_to_the_sender(deliver, path, body, expected):
    """Its log shows what is wrong with it."""
    headers = github(body) if path == "github" else jira(body)

    answer = deliver(path, body, headers)

    assert expected == (answer.status_code, answer.json()["code"])
