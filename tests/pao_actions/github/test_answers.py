"""What GitHub can answer that is no success, and what the error says then."""

import pytest

from catalog_compiler.plan import RetryPlan
from tests.fakes.github import Fault
from tests.pao_actions.github.conftest import CONFIG

NAMED = {**CONFIG, "correlation_input": "pao_id"}
NO_RETRY = RetryPlan(attempts=0, delay=0, max_delay=1)
NOT = "'deploy.yml' of acme/deployments was not started: GitHub answered"
RUN = "https://github.com/acme/deployments/actions/runs/1001"
CORRECT = "correct 'ref', 'inputs' or 'workflow_id', or the workflow's 'workflow_dispatch' trigger"
CHECK = "check 'repository' and 'workflow_id', and that connection 'github_default' may read and write Actions there"
MOVED = "since acme/deployments was renamed or moved; write its present name into 'repository'"


def json(message, **more):
    import json as library

    return library.dumps({"message": message, **more}).encode()


REFUSED_DISPATCHES = [
    (400, json("Problems parsing JSON"), f"{NOT} 400: Problems parsing JSON; correct the action's config"),
    (
        401,
        json("Bad credentials"),
        f"{NOT} 401: Bad credentials; the sign-in of connection 'github_default' is not valid or has expired; renew it",
    ),
    (
        403,
        json("Resource not accessible by personal access token"),
        (
            f"{NOT} 403: Resource not accessible by personal access token; connection 'github_default' may not do "
            f"that; it "
            "needs to read and write Actions of acme/deployments"
        ),
    ),
    (404, json("Not Found"), f"{NOT} 404: Not Found; {CHECK}"),
    (410, json("Gone"), f"{NOT} 410: Gone; GitHub Actions may be switched off there"),
    (451, json("Repository access blocked"), f"{NOT} 451: Repository access blocked"),
    (301, b"", f"{NOT} 301, {MOVED}"),
    (307, json("Moved Permanently"), f"{NOT} 307, {MOVED}"),
    (308, json("x"), f"{NOT} 308, {MOVED}"),
    (422, json("No ref found for: main"), f"{NOT} 422: No ref found for: main; {CORRECT}"),
    (
        422,
        json('Unexpected inputs provided: ["odd"]'),
        f'{NOT} 422: Unexpected inputs provided: ["odd"]; {CORRECT}',
    ),
    (
        422,
        json("Validation Failed", errors=[{"field": "ref", "code": "invalid"}, "more", {"message": "too long"}]),
        f"{NOT} 422: Validation Failed; ref invalid; more; too long; {CORRECT}",
    ),
    (422, json("Validation Failed", errors="text"), f"{NOT} 422: Validation Failed; {CORRECT}"),
    (422, json("a\nb\t c"), f"{NOT} 422: a b c; {CORRECT}"),
    (422, json("x" * 600), f"{NOT} 422: {'x' * 499}…; {CORRECT}"),
    (422, b"<html><body><h1>Refused</h1></body></html>", f"{NOT} 422: Refused; {CORRECT}"),
    (422, b'{"message": 5}', f'{NOT} 422: {{"message": 5}}; {CORRECT}'),
    (422, b"[]", f"{NOT} 422: []; {CORRECT}"),
    (422, b"", f"{NOT} 422; {CORRECT}"),
    (422, b"\x00\xff", f"{NOT} 422; {CORRECT}"),
    (422, b"[" * 5000, f"{NOT} 422: {'[' * 199}…; {CORRECT}"),
    (418, b"short and stout", f"{NOT} 418: short and stout"),
]


@pytest.mark.parametrize(("status", "body", "message"), REFUSED_DISPATCHES)
def test_a_refused_dispatch_fails_at_once(cloud, status, body, message):
    """In GitHub's words, with what to do; nothing was started."""
    cloud.fake.faults = [Fault("POST", "/dispatches", status=status, body=body)]

    outcome = cloud.run(NAMED)

    assert message == outcome.error.message
    assert ("failed", "permanent", False, 1) == (
        outcome.status,
        outcome.error.kind,
        outcome.error.effect_possible,
        outcome.attempts,
    )


BAD_RUNS = [
    (
        200,
        b"<html>Sign in</html>",
        (
            "GET {host}/api/v3/repos/acme/deployments/actions/runs/1001 answered 200, but not with a run; it begins: "
            "Sign in"
        ),
    ),
    (
        200,
        b"",
        (
            "GET {host}/api/v3/repos/acme/deployments/actions/runs/1001 answered 200, but not with a run; it begins: "
            "(nothing)"
        ),
    ),
    (
        200,
        b"[]",
        "GET {host}/api/v3/repos/acme/deployments/actions/runs/1001 answered 200, but not with a run; it begins: []",
    ),
    (
        200,
        b'{"id": "x", "html_url": 5}',
        (
            "GET {host}/api/v3/repos/acme/deployments/actions/runs/1001 answered 200, but not with a run; it begins: "
            '{{"id": "x", "html_url": 5}}'
        ),
    ),
    (
        200,
        b" " * (16 * 1024 * 1024 + 1),
        (
            "GET {host}/api/v3/repos/acme/deployments/actions/runs/1001 answered 200 with more than 16777216 "
            "bytes, too "
            "much for a run"
        ),
    ),
    (
        401,
        json("Bad credentials"),
        (
            f"the run {RUN} could not be looked at: GitHub answered 401: Bad credentials; the sign-in of connection "
            "'github_default' is not valid or has expired; renew it"
        ),
    ),
    (
        403,
        json("Resource not accessible"),
        (
            f"the run {RUN} could not be looked at: GitHub answered 403: Resource not accessible; connection "
            "'github_default' may not do that; it needs to read and write Actions of acme/deployments"
        ),
    ),
    (302, b"", f"the run {RUN} could not be looked at: GitHub answered 302, {MOVED}"),
    (410, b"", f"the run {RUN} could not be looked at: GitHub answered 410; GitHub Actions may be switched off there"),
]


@pytest.mark.parametrize(("status", "body", "message"), BAD_RUNS)
def test_a_run_that_cant_be_followed_fails_the_action(cloud, status, body, message):
    """The run may go on, so that a rollback undoes it, and its link is told."""
    cloud.fake.faults = [Fault("GET", "/actions/runs/1001", status=status, body=body)]

    outcome = cloud.run()

    host = cloud.fake.url.removeprefix("http://").removesuffix("/api/v3")
    assert message.format(host=host) == outcome.error.message
    assert ("permanent", True, RUN) == (outcome.error.kind, outcome.error.effect_possible, outcome.result.url)


BAD_LISTS = [
    (200, b"{}", "GET {host}/api/v3/repos/acme/deployments/actions/workflows/deploy.yml/runs answered 200, but not"),
    (200, b'{"total_count": 1, "workflow_runs": [{}]}', "answered 200, but not with a list of runs"),
    (404, json("Not Found"), "the runs of 'deploy.yml' in acme/deployments could not be listed: GitHub answered 404"),
    (401, json("Bad credentials"), "could not be listed: GitHub answered 401: Bad credentials"),
]


@pytest.mark.parametrize(("status", "body", "message"), BAD_LISTS)
def test_runs_that_cant_be_listed_before_the_dispatch_fail_the_action(cloud, status, body, message):
    """Nothing was started."""
    cloud.fake.faults = [Fault("GET", "/runs", status=status, body=body)]

    outcome = cloud.run()

    host = cloud.fake.url.removeprefix("http://").removesuffix("/api/v3")
    assert message.format(host=host) in outcome.error.message
    assert ("permanent", False, []) == (outcome.error.kind, outcome.error.effect_possible, cloud.fake.dispatches())


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_server_error_before_the_dispatch_is_tried_again(cloud, status):
    """Nothing was started yet."""
    cloud.fake.faults = [Fault("GET", "/runs", status=status, times=2)]

    outcome = cloud.run()

    assert ("completed", 3) == (outcome.status, outcome.attempts)


@pytest.mark.parametrize("kind", ["answer", "cut"])
def test_a_look_before_the_dispatch_has_no_effect(cloud, kind):
    """There is nothing to undo where GitHub was away all the time."""
    cloud.fake.faults = [Fault("GET", "/runs", kind, times=9)]

    outcome = cloud.run()

    assert ("temporary", False, 4) == (outcome.error.kind, outcome.error.effect_possible, outcome.attempts)


def test_an_error_tells_no_secret(cloud):
    """Neither the token nor an input's value."""
    cloud.fake.repositories["acme/deployments"]["deploy.yml"].inputs = {}

    outcome = cloud.run({**CONFIG, "inputs": {"name": "hunter2"}})

    assert "hunter2" not in outcome.error.message
    assert "ghp_robot" not in f"{outcome} {cloud.log.events}"
