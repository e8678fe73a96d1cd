"""A target that is dead is left alone: nothing but a trial reaches it until it heals, and everyone else is served."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest
import structlog
from pao_actions.exceptions import TemporaryError
from pao_airflow.gate import Gates
from prometheus_client.parser import text_string_to_metric_families

from catalog_compiler.settings import PaoSettings
from tests.live.conftest import LEFT_ALONE_SECONDS
from tests.live.items import call, item, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for
from tests.outside_programs import missing
from tests.redis_server import RedisServer

AILING = "{{env.AILING_URL}}"
FAILURES = 10
"""After so many in a row a target is left alone."""
TRIALS = 3
"""So many may fall into the test's time, where the machine is slow."""
STUBBORN = {"attempts": 10, "delay": 0.1}
METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"

ITEMS = (
    item("ailing", call("ask", "PUT", f"{AILING}/things/{{{{fields.name}}}}", retry=STUBBORN)),
    item("beside", scripted_call("ask", "/beside", "PUT", retry=STUBBORN)),
    item("metadata", call("ask", "GET", METADATA, retry=STUBBORN)),
)
EARLY = [f"early-{number}" for number in range(3)]
LATE = [f"late-{number}" for number in range(5)]


def path(name: str) -> str:
    return f"/things/{name}"


def targets(caller: Portal) -> tuple[str, str]:
    """What health tells a caller of targets, whatever else it tells."""
    check = caller.http.get("/api/v1/health").json()["checks"]["targets"]
    return check["status"], check.get("detail") or ""


def left_alone(operator: Portal, host: str) -> bool:
    """Whether health names it."""
    return host in targets(operator)[1]


def metric(operator: Portal, host: str) -> set[float]:
    """What Prometheus is told of the target."""
    answer = operator.http.get("/api/v1/metrics")
    assert answer.status_code == 200, answer.text
    return {
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == "pao_target_left_alone" and sample.labels["target"] == host
    }


def test_a_dead_target_is_left_alone_until_it_heals(
    portals: dict[str, Portal], developer: Portal, scripted: ScriptedTarget, ailing: ScriptedTarget
):
    """No request is lost by that, and calls to another target go on."""
    operator, host = portals["operator"], urlsplit(ailing.url).netloc
    for name in (*EARLY, *LATE):
        ailing.script(path(name), Reply(status=503))

    early = [developer.submit("ailing", name) for name in EARLY]
    wait_for(lambda: left_alone(operator, host), "health tells that the target is left alone")

    # Three actions are tried up to eleven times each. What reached it: those in a row, some on their way, some trials.
    arrived = sum(len(ailing.calls(path(name))) for name in EARLY)
    assert FAILURES <= arrived < FAILURES + len(EARLY) + TRIALS

    late = [developer.submit("ailing", name) for name in LATE]
    beside = developer.submit("beside", "well")
    assert "completed" == developer.ended(beside)["status"]
    assert 1 == len(scripted.calls("/beside/well"))
    wait_for(
        lambda: all(developer.action(request, "ask")["status"] == "retrying" for request in late),
        "the later requests wait as well",
    )
    # Each of their actions was tried, and none of those tries reached the target, unless it was a trial.
    assert TRIALS >= sum(len(ailing.calls(path(name))) for name in LATE)

    assert ("degraded", "some targets are left alone; operators see which") == targets(developer)
    wait_for(lambda: metric(operator, host) == {1.0}, "metrics tell it too")

    for name in (*EARLY, *LATE):
        ailing.script(path(name), Reply())
    assert {"completed"} == {developer.ended(request)["status"] for request in (*early, *late)}
    wait_for(lambda: not left_alone(operator, host), "health tells that it has healed")
    wait_for(lambda: metric(operator, host) == {0.0}, "metrics tell that it has healed")


async def find_ill(settings: PaoSettings, host: str) -> None:
    """Call a target, as a process of its own would, until it is left alone."""
    gate = Gates(settings, told=lambda _: None).gate("rest-api", structlog.get_logger())
    for _ in range(10 * FAILURES):
        try:
            async with gate.call(host) as passage:
                passage.ill()
        except TemporaryError:
            return
        await asyncio.sleep(0.05)
    pytest.fail("it is never left alone")


def test_what_one_process_found_out_all_others_know(
    developer: Portal, ailing: ScriptedTarget, redis: RedisServer | None
):
    """Through Redis: the stack has not called the target itself, and leaves it alone until its time is over."""
    if redis is None:
        missing("redis-server; install it (Debian: apt install redis-server)")
    settings = PaoSettings(fernet_key="k", redis_url=redis.url, breaker_seconds=LEFT_ALONE_SECONDS)
    asyncio.run(find_ill(settings, urlsplit(ailing.url).netloc))
    request = developer.submit("ailing", "shared")
    wait_for(lambda: developer.action(request, "ask")["status"] == "retrying", "its action waits")

    assert [] == ailing.calls(path("shared"))
    assert "completed" == developer.ended(request)["status"]
    assert 1 == len(ailing.calls(path("shared")))


@pytest.mark.parametrize("role", ["developer", "service"])
def test_metrics_are_for_operators(portals: dict[str, Portal], role):
    """And for whoever scrapes them by a key of their own role."""
    assert 403 == portals[role].http.get("/api/v1/metrics").status_code


def test_where_clouds_tell_their_credentials_no_action_leads(developer: Portal):
    """Not even here, where private addresses are allowed; it is not tried again."""
    request = developer.ended(developer.submit("metadata", "curious"))

    assert (
        "'169.254.169.254' leads to an address where clouds tell machines their credentials, and no action may reach "
        "those; use another target. Where it has to be, the operator can name exactly that address in [pao] "
        "allowed_targets"
    ) in request["error"]
    assert ("failed", 1) == (request["status"], request["actions"][0]["attempt"])
