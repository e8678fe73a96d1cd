"""Each host: what it vouches for, and what its deliveries tell. The payloads are those of its documentation."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from api_plugin.webhooks.bitbucket import Bitbucket
from api_plugin.webhooks.github import GitHub
from api_plugin.webhooks.gitlab import GitLab

PAYLOADS = Path(__file__).parent / "payloads"
HOSTS = {"github": GitHub(), "gitlab": GitLab(), "bitbucket": Bitbucket()}
REPOSITORIES = {
    "github": {"github.com/example/catalog"},
    "gitlab": {"gitlab.com/example/catalog"},
    "bitbucket-cloud": {"bitbucket.org/example/catalog"},
    "bitbucket-server": {"git.example.com/ex/catalog"},
    "bitbucket-server-old": set(),
}
REFS = {"push": {"refs/heads/main"}, "deleted": {"refs/heads/main"}, "tag": {"refs/tags/v1.0"}}
PUSHES = sorted(path.stem for path in PAYLOADS.glob("*.json") if not path.stem.endswith("-ping"))


@pytest.mark.parametrize("name", PUSHES)
def test_a_push_tells_its_repository_and_its_refs(name):
    """Made, moved or deleted; Bitbucket Data Center once told no clone URLs."""
    kind, _, change = name.rpartition("-")
    host = HOSTS[kind.partition("-")[0]]

    push = host.push(host.Payload.model_validate_json((PAYLOADS / f"{name}.json").read_bytes()))

    assert (REPOSITORIES[kind], REFS[change]) == (push.repositories, push.refs)


def test_what_is_no_branch_or_tag_moves_nothing():
    """Bitbucket has had others."""
    payload = json.loads((PAYLOADS / "bitbucket-cloud-push.json").read_text())
    payload["push"]["changes"][0] = {"old": None, "new": {"type": "bookmark", "name": "main"}}

    assert set() == Bitbucket().push(Bitbucket.Payload.model_validate(payload)).refs


@pytest.mark.parametrize(
    ("host", "header", "pushes", "others"),
    [
        ("github", "X-GitHub-Event", ["push"], ["ping", "pull_request", ""]),
        ("gitlab", "X-Gitlab-Event", ["Push Hook", "Tag Push Hook"], ["Issue Hook", ""]),
        ("bitbucket", "X-Event-Key", ["repo:push", "repo:refs_changed"], ["diagnostics:ping", "pr:opened", ""]),
    ],
)
def test_a_push_is_told_from_everything_else(host, header, pushes, others):
    """By the host's header."""
    assert all(HOSTS[host].is_push(Headers({header: event})) for event in pushes)
    assert not any(HOSTS[host].is_push(Headers({header: event})) for event in others)
    assert not HOSTS[host].is_push(Headers({}))


# The example of GitHub's documentation.
TEXT, KEY = b"Hello, World!", "It's a Secret to Everybody"
HEX = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@pytest.mark.parametrize(("host", "header"), [("github", "X-Hub-Signature-256"), ("bitbucket", "X-Hub-Signature")])
def test_github_and_bitbucket_sign_the_body(host, header):
    """With the secret; nothing else will do."""
    vouched = HOSTS[host].vouched(Headers({header: HEX}), TEXT, KEY)

    assert vouched is not None
    assert TEXT == vouched.content
    for headers, body, secret in [
        ({header: HEX}, TEXT + b"!", KEY),
        ({header: HEX}, TEXT, "another secret"),
        ({header: HEX.removeprefix("sha256=")}, TEXT, KEY),
        ({header: HEX.replace("sha256", "sha1")}, TEXT, KEY),
        ({header: "sha256=é"}, TEXT, KEY),
        ({header: ""}, TEXT, KEY),
        ({}, TEXT, KEY),
    ]:
        assert HOSTS[host].vouched(Headers(headers), body, secret) is None


def test_gitlab_sends_its_token():
    """The host's key for the delivery tells pushes with the same body apart."""
    host, token = GitLab(), {"X-Gitlab-Token": "token"}
    first, second = ({**token, "Idempotency-Key": key} for key in ("1", "2"))

    same = [host.vouched(Headers(headers), TEXT, "token") for headers in (first, first, second)]

    assert same[0] == same[1] != same[2]
    assert host.vouched(Headers(token), TEXT, "another") is None
    assert host.vouched(Headers({}), TEXT, "token") is None


# The example of Standard Webhooks' own libraries.
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
SIGNED_BODY = b'{"test": 2432232314}'


@pytest.mark.parametrize("before", ["", "v1,other ", "v1a,x v1,y "])
def test_gitlab_signs_with_a_signing_token(before):
    """The id, the time and the body; there may be several signatures."""
    headers = SIGNED | {"webhook-signature": before + SIGNED["webhook-signature"]}

    vouched = GitLab().vouched(Headers(headers), SIGNED_BODY, SIGNING)

    assert vouched is not None
    assert dt.datetime(2021, 2, 25, 15, 2, 10, tzinfo=dt.UTC) == vouched.at
    assert b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + SIGNED_BODY == vouched.content


@pytest.mark.parametrize(
    ("changed", "body", "secret"),
    [
        ({"webhook-id": "another"}, SIGNED_BODY, SIGNING),
        ({"webhook-timestamp": "1614265331"}, SIGNED_BODY, SIGNING),
        ({"webhook-timestamp": "soon"}, SIGNED_BODY, SIGNING),
        ({"webhook-timestamp": "9" * 30}, SIGNED_BODY, SIGNING),
        ({"webhook-timestamp": "1" * 5000}, SIGNED_BODY, SIGNING),
        ({"webhook-signature": ""}, SIGNED_BODY, SIGNING),
        ({"webhook-signature": SIGNED["webhook-signature"].removeprefix("v1,")}, SIGNED_BODY, SIGNING),
        ({}, SIGNED_BODY + b" ", SIGNING),
        ({}, SIGNED_BODY, "whsec_AAAA"),
        ({}, SIGNED_BODY, "whsec_not base64"),
        ({"webhook-signature": "", "X-Gitlab-Token": SIGNING}, SIGNED_BODY, SIGNING),
    ],
)
def test_gitlab_vouches_for_nothing_else(changed, body, secret):
    """Nor is a signing token taken as it is, for whoever sends it plainly has given it away."""
    assert GitLab().vouched(Headers(SIGNED | changed), body, secret) is None
