"""Deliveries of git hosts: taken once, where the host vouches for them, for the catalogs that follow the push."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from airflow.models.dagbag import DagPriorityParsingRequest
from airflow.models.dagbundle import DagBundleModel
from sqlalchemy import select, update

from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.state import ApiState
from api_plugin.store.access import Audit
from api_plugin.store.catalog import Catalog, WebhookDelivery
from api_plugin.webhooks.secrets import WebhookSecrets
from api_plugin.webhooks.taking import KEPT
from tests.api_plugin.conftest import a_rest_app

PAYLOADS = Path(__file__).parents[1] / "webhooks" / "payloads"
SIGNING = "whsec_" + base64.b64encode(b"k" * 32).decode()
HELD = {
    "pao_github_webhook": ("new", "old"),
    "pao_gitlab_webhook": ("token", SIGNING),
    "pao_bitbucket_webhook": ("secret",),
}


@pytest.fixture
def app(world):
    """The API, which holds a secret of each host; the catalog `default` follows `main` of a repository on GitHub."""
    world.publish()
    world.session.get(Catalog, "default").repository = "git@github.com:example/catalog.git"
    world.session.commit()
    held = WebhookSecrets(look_up=lambda connection_id: HELD[connection_id])
    return a_rest_app("webhooks", catalogs=world.cache, dags=world.shelf, webhook_secrets=held)


@pytest.fixture
def deliver(call, app):
    """Sends a body with headers to a host's operation."""

    def sending(host, body, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/catalog/webhooks/{host}"
        return call(app, "POST", path, content=body, headers={"Content-Type": "application/json"} | named)

    return sending


def payload(name):
    return (PAYLOADS / f"{name}.json").read_bytes()


def hex_of(body, secret):
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def github(body, secret="new", event="push", **more):
    return {"X_GitHub_Event": event, "X_Hub_Signature_256": hex_of(body, secret), "X_GitHub_Delivery": "d-1"} | more


def gitlab(_body):
    return {"X_Gitlab_Event": "Push Hook", "X_Gitlab_Token": "token"}


def bitbucket(body, event="repo:push"):
    return {"X_Event_Key": event, "X_Hub_Signature": hex_of(body, "secret")}


def bitbucket_server(body):
    return bitbucket(body, "repo:refs_changed")


def gitlab_signed(body, at=None):
    stamp = str(int((at or utc_now()).timestamp()))
    signature = hmac.new(b"k" * 32, f"id.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "X_Gitlab_Event": "Push Hook",
        "webhook_id": "id",
        "webhook_timestamp": stamp,
        "webhook_signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def asked(world):
    world.session.rollback()
    return sorted(world.session.scalars(select(DagPriorityParsingRequest.bundle_name)))


def test_a_push_to_what_a_catalog_follows_refreshes_it(deliver, world):
    """At once, and that is written down."""
    body = payload("github-push")

    answer = deliver("github", body, **github(body))

    assert (202, {"catalogs": ["default"]}) == (answer.status_code, answer.json())
    assert ["default"] == asked(world)
    act = world.session.scalars(select(Audit)).one()
    assert ("webhook:github", "catalog.webhook", "default", "d-1", ["refs/heads/main"]) == (
        act.actor,
        act.action,
        act.target,
        act.detail["delivery"],
        act.detail["refs"],
    )


@pytest.mark.parametrize(
    ("name", "headers", "repository"),
    [
        ("github-deleted", github, "https://github.com/example/catalog"),
        ("gitlab-push", gitlab, "git@gitlab.com:example/catalog.git"),
        ("gitlab-push", gitlab_signed, None),
        ("gitlab-push", gitlab, "/srv/git/catalog.git"),
        ("bitbucket-cloud-push", bitbucket, "git@bitbucket.org:example/catalog.git"),
        ("bitbucket-server-push", bitbucket_server, "https://git.example.com/scm/EX/catalog.git"),
    ],
)
def test_each_host_is_understood(deliver, world, name, headers, repository):
    """The way it signs and tells; also where a catalog's repository is not known."""
    world.session.execute(update(Catalog).values(repository=repository))
    world.session.commit()
    body = payload(name)

    assert 202 == deliver(name.partition("-")[0], body, **headers(body)).status_code
    assert ["default"] == asked(world)


@pytest.mark.parametrize(
    ("catalog", "name", "event"),
    [
        ({"tracking_ref": "staging"}, "github-push", "push"),
        ({"repository": "https://github.com/example/other"}, "github-push", "push"),
        ({}, "github-tag", "push"),
        ({}, "github-ping", "ping"),
        ({}, "github-push", "pull_request"),
    ],
)
def test_anything_else_is_answered_and_left(deliver, world, catalog, name, event):
    """Nothing is refreshed and nothing remembered: it may be sent again once somebody follows it."""
    if catalog:
        world.session.execute(update(Catalog).values(**catalog))
        world.session.commit()
    body = payload(name)

    answer = deliver("github", body, **github(body, event=event))

    assert (204, b"") == (answer.status_code, answer.content)
    assert [] == asked(world) == world.session.scalars(select(WebhookDelivery)).all()


def test_every_catalog_that_follows_the_push_is_refreshed(deliver, world):
    """By a branch or by a tag; not one that is no longer configured."""
    for name, ref in (("staging", "main"), ("release", "v1.0"), ("gone", "main")):
        world.session.add(Catalog(name=name, tracking_ref=ref, categories=[], problems=[]))
        world.session.add(DagBundleModel(name=name))
    world.session.flush()
    world.session.execute(update(DagBundleModel).where(DagBundleModel.name == "gone").values(active=False))
    world.session.commit()

    answers = [deliver("github", body, **github(body)) for body in map(payload, ("github-push", "github-tag"))]

    assert [["default", "staging"], ["release"]] == [answer.json()["catalogs"] for answer in answers]
    assert ["default", "release", "staging"] == asked(world)


def test_an_old_secret_is_good_beside_the_new_one(deliver):
    """While the host is given it."""
    body = payload("github-push")

    assert 202 == deliver("github", body, **github(body, secret="old")).status_code


PUSH = payload("github-push")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_GitHub_Event": "push"},
        {"Authorization": "Bearer pao_key", "X_GitHub_Event": "push"},
        {"X_GitHub_Event": "push", "X_Hub_Signature": hex_of(PUSH, "new")},
        github(PUSH, secret="guessed"),
        github(PUSH + b" "),
        github(PUSH, X_Hub_Signature_256="sha256="),
    ],
)
def test_what_the_host_does_not_vouch_for_is_refused(deliver, world, headers):
    """In the same words whatever is wrong."""
    answer = deliver("github", PUSH, **headers)

    assert (401, "not-signed-by-host") == (answer.status_code, answer.json()["code"])
    assert deliver("github", PUSH).json()["detail"] == answer.json()["detail"]
    assert [] == asked(world)


@pytest.mark.parametrize("host", ["github", "gitlab", "bitbucket"])
def test_a_host_that_has_no_secret_is_not_set_up(deliver, app, host):
    """The answer says what to do."""
    app.state.pao = ApiState(catalogs=app.state.pao.catalogs, webhook_secrets=WebhookSecrets(look_up=lambda _: ()))

    answer = deliver(host, b"{}", X_Hub_Signature_256="x")

    assert (404, "webhook-not-configured") == (answer.status_code, answer.json()["code"])
    assert f"pao_{host}_webhook" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["github", "gitlab", "bitbucket"])
def test_a_secret_that_can_not_be_read_is_no_missing_one(deliver, app, host):
    """The host's log shows that it passes, and the same may be delivered again."""
    away = WebhookSecrets(look_up=lambda _: None)
    app.state.pao = ApiState(catalogs=app.state.pao.catalogs, webhook_secrets=away)

    answer = deliver(host, PUSH, **github(PUSH))

    assert (503, "unavailable", "5") == (answer.status_code, answer.json()["code"], answer.headers["Retry-After"])
    assert f"pao_{host}_webhook" in answer.json()["detail"]


def test_the_test_of_a_connection_is_answered_and_nothing_else(deliver, world):
    """Bitbucket Data Center does not sign it, so it must not do anything, whatever its body says."""
    unsigned = {"X_Event_Key": "diagnostics:ping"}
    bodies = [payload("bitbucket-server-ping"), payload("bitbucket-server-push")]

    answers = [deliver("bitbucket", body, **unsigned) for body in bodies]

    assert [(204, b"")] * 2 == [(answer.status_code, answer.content) for answer in answers]
    assert [] == asked(world) == world.session.scalars(select(WebhookDelivery)).all()


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("bitbucket", {"X_Event_Key": "diagnostics:ping", "X_Hub_Signature": hex_of(b"{}", "guessed")}),
        ("bitbucket", {"X_Event_Key": "repo:refs_changed"}),
        ("github", {"X_Event_Key": "diagnostics:ping"}),
        ("github", {"X_GitHub_Event": "ping"}),
        ("gitlab", {"X_Event_Key": "diagnostics:ping"}),
    ],
)
def test_a_test_that_the_host_signs_must_be_signed_right(deliver, host, headers):
    """So that an administrator sees a wrong secret."""
    assert 401 == deliver(host, b"{}", **headers).status_code


def test_a_copy_of_a_delivery_is_refused(deliver, world):
    """Also under another delivery id, which nobody signs; the next push is taken."""
    body, following = payload("github-push"), payload("github-deleted")
    deliver("github", body, **github(body))

    answer = deliver("github", body, **github(body, X_GitHub_Delivery="d-2"))

    assert (409, "replayed-delivery") == (answer.status_code, answer.json()["code"])
    assert 1 == len(world.session.scalars(select(Audit)).all())
    assert 202 == deliver("github", following, **github(following)).status_code


def test_an_old_delivery_is_a_copy(deliver, world):
    """Where the host vouches for the time too."""
    body = payload("gitlab-push")

    answer = deliver("gitlab", body, **gitlab_signed(body, utc_now() - dt.timedelta(minutes=6)))

    assert (409, "replayed-delivery") == (answer.status_code, answer.json()["code"])
    assert [] == asked(world)


def test_a_delivery_that_failed_may_be_sent_again(deliver, app, world):
    """Only what was taken is remembered."""
    body = payload("github-push")
    assert 401 == deliver("github", body, **github(body, secret="guessed")).status_code

    assert 202 == deliver("github", body, **github(body)).status_code


def test_deliveries_are_forgotten_after_their_time(deliver, world):
    """The table does not grow for ever."""
    for digest, age in (("old", KEPT + dt.timedelta(days=1)), ("young", KEPT - dt.timedelta(days=1))):
        world.session.add(WebhookDelivery(digest=digest, host="github", received_at=utc_now() - age))
    world.session.commit()
    body = payload("github-push")
    deliver("github", body, **github(body))

    digests = set(world.session.scalars(select(WebhookDelivery.digest)))

    assert ("young" in digests, "old" in digests, len(digests)) == (True, False, 2)


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        (b"{", {}, (400, "malformed-json")),
        (b'{"ref": "refs/heads/main"}', {}, (422, "invalid-body")),
        (b"[]", {}, (422, "invalid-body")),
        (b"payload=%7B%7D", {"Content_Type": "application/x-www-form-urlencoded"}, (415, "unsupported-media-type")),
    ],
)
def test_a_push_that_can_not_be_read_is_told_to_the_host(deliver, body, more, expected):
    """Its log shows what is wrong with it."""
    answer = deliver("github", body, **github(body, **more))

    assert expected == (answer.status_code, answer.json()["code"])


def test_a_delivery_has_the_size_of_any_body(deliver):
    """However it is signed."""
    body = json.dumps({"ref": "x" * settings().max_body_bytes}).encode()

    assert 413 == deliver("github", body, **github(body)).status_code
