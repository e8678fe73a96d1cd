"""An effect happens once, of each type: when its host is killed right after it, and when its answer is lost.

The target has done its work each time; what ruins the answer stands between. Where the target gives means to find out,
the action completes; where it gives none, its outcome is unknown, and it is not done again by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.fakes import github, jira, mail, slack, teams, terraform_cloud
from tests.fakes.faulty_server import Call, Faults, Reply, serving
from tests.live.airflow_api import AirflowApi
from tests.live.items import PATIENT, Part, item
from tests.live.mail_wire import mail_wire
from tests.live.portal import ENDED, Portal
from tests.live.running_stack import RunningStack
from tests.live.waiting import wait_for
from tests.live.wire import Ruin, Wire, wire

RECOVERY_SECONDS = 150
"""What may pass until a dead triggerer's work goes on."""
NAME = "{{fields.name}}"
LEDGER = "{{env.LEDGER_URL}}"


@dataclass
class Ledger(Faults):
    """A target that writes down each call; below `/keyed`, once for each `Idempotency-Key`."""

    entries: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def answer(self, call: Call) -> Reply:
        """Write it down, or know it already."""
        key = call.headers.get("idempotency-key", "")
        if call.path.startswith("/keyed") and key in self.keys:
            return Reply(200, {"id": 1})
        self.keys.add(key)
        self.entries.append(call.path + call.body.decode())
        return Reply(200, {"id": 1})


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to have an effect, and how its action ends when its answer is lost or its host is killed."""

    action: Mapping[str, Any]
    at: str
    """The target, by its name in the fixture `targets`."""
    ends: str
    method: str = "POST"
    """Of the call that has the effect; of mail, its command."""


def rest(path: str, **more: Any) -> Part:
    """A POST to the ledger."""
    return {"type": "rest-api", "config": {"method": "POST", "url": f"{LEDGER}/{path}/{NAME}"}, **more}


def run_of(connection: str, **config: Any) -> Part:
    """A workflow run."""
    more = {"repository": "acme/deployments", "workflow_id": "deploy.yml", "ref": "main", "inputs": {"name": NAME}}
    return {"type": "github-workflow", "config": {"connection": connection, **more, **config}}


def ticket(connection: str) -> Part:
    """A ticket that nobody waits for."""
    config = {"connection": connection, "project": "PLATFORM", "issue_type": "Task", "summary_template": NAME}
    return {"type": "jira-ticket", "config": {**config, "wait": False}}


KINDS = {
    "keyed": Kind(action=rest("keyed", retry=PATIENT), at="ledger", ends="completed"),
    "plain": Kind(action=rest("plain"), at="ledger", ends="outcome_unknown"),
    "webhook": Kind(
        action={"type": "webhook", "config": {"url": f"{LEDGER}/hook", "body": {"text": NAME}}, "on_error": "fail"},
        at="ledger",
        ends="outcome_unknown",
    ),
    "slack": Kind(
        action={
            "type": "slack",
            "config": {"connection": "once_slack", "channel": "#platform", "text_template": NAME},
            "on_error": "fail",
        },
        at="slack",
        ends="outcome_unknown",
    ),
    "teams": Kind(
        action={"type": "teams", "config": {"connection": "once_teams", "text_template": NAME}, "on_error": "fail"},
        at="teams",
        ends="outcome_unknown",
    ),
    "email": Kind(
        action={
            "type": "email",
            "config": {
                "connection": "once_email",
                "to": "ops@example.com",
                "subject_template": NAME,
                "body_template": "Done.",
            },
            "on_error": "fail",
        },
        at="mail",
        method="DATA",
        ends="outcome_unknown",
    ),
    "jira-cloud": Kind(action=ticket("once_jira_cloud"), at="jira_cloud", ends="completed"),
    "jira-server": Kind(action=ticket("once_jira_server"), at="jira_server", ends="completed"),
    "github": Kind(action=run_of("once_github", correlation_input="pao_id"), at="github", ends="completed"),
    "nameless-github": Kind(action=run_of("once_github"), at="github", ends="completed"),
    "terraform-cloud": Kind(
        action={
            "type": "terraform",
            "config": {
                "runner": "cloud",
                "cloud_connection": "once_cloud",
                "workspace": "acme/orders",
                "variables": {"name": NAME},
            },
        },
        at="cloud",
        ends="completed",
    ),
}
ITEMS = tuple(item(f"once-{name}", {"name": "act", **kind.action}) for name, kind in KINDS.items())


@dataclass(frozen=True, kw_only=True)
class Target:
    """One, by its wire, and what it did."""

    wire: Wire
    did: Callable[[], list[Any]]

    def effects(self, mark: str) -> int:
        """How many of its deeds mention the mark."""
        return sum(mark in json.dumps(deed, default=str) for deed in self.did())


@pytest.fixture(scope="module")
def targets(airflow: AirflowApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Target]]:
    """Every target, each behind its wire, with its connection."""
    with ExitStack() as exits:
        ledger, chat, cards = Ledger(), exits.enter_context(slack.fake_slack()), exits.enter_context(teams.fake_teams())
        cloud, server = (exits.enter_context(jira.fake_jira(cloud=is_cloud)) for is_cloud in (True, False))
        hub = exits.enter_context(github.serving(github.GitHubFake()))
        inputs = {"name": {"required": True}, "pao_id": {}}
        workspaces = exits.enter_context(terraform_cloud.serving())
        hub.workflow("acme/deployments", inputs=inputs, run_name="Deploy {pao_id}", life=("success",))
        found = {
            "ledger": (exits.enter_context(serving(ledger.answer, ledger)), lambda: ledger.entries),
            "slack": (chat.url, lambda: chat.messages),
            "teams": (cards.url.removesuffix(f"{teams.PATH}?{teams.QUERY}"), lambda: cards.cards),
            "jira_cloud": (cloud.url, lambda: [*cloud.issues.values()]),
            "jira_server": (server.url, lambda: [*server.issues.values()]),
            "github": (hub.url, lambda: [run.inputs for run in hub.runs.values()]),
            "cloud": (workspaces.url, lambda: [run["attributes"] for run in workspaces.runs.values()]),
        }
        made = {name: Target(wire=exits.enter_context(wire(url)), did=did) for name, (url, did) in found.items()}
        post = exits.enter_context(mail.fake_mail(tmp_path_factory.mktemp("mail")))
        made["mail"] = Target(
            wire=exits.enter_context(mail_wire(post.ports["anonymous"])),
            did=lambda: [letter["Subject"] for _, letter in post.letters],
        )
        urls = {name: target.wire.url for name, target in made.items()}
        airflow.variable("PAO_LEDGER_URL", urls["ledger"])
        airflow.connection(
            "once_slack", "slack", password=slack.TOKEN, extra=json.dumps({"base_url": f"{urls['slack']}/api"})
        )
        airflow.connection("once_teams", "http", password=f"{urls['teams']}{teams.PATH}?{teams.QUERY}")
        plain = {"disable_ssl": True, "disable_tls": True, "from_email": "pao@example.com"}
        airflow.connection("once_email", "smtp", host="127.0.0.1", port=int(urls["mail"]), extra=json.dumps(plain))
        airflow.connection("once_github", "github", host=urls["github"], password=github.TOKEN)
        airflow.connection("once_cloud", "http", host=urls["cloud"], password=terraform_cloud.TOKEN)
        for name in ("jira_cloud", "jira_server"):
            airflow.connection(f"once_{name}", "jira", host=urls[name], login=jira.EMAIL, password=jira.TOKEN)
        yield made


def ordered(developer: Portal, targets: dict[str, Target], mark: str, how: Any) -> dict[str, tuple[str, Ruin]]:
    """One request of each kind, whose effect's answer is held or lost."""
    made = {}
    for name, kind in KINDS.items():
        ruin = targets[kind.at].wire.ruin(kind.method, f"{mark}-{name}", how)
        made[name] = (developer.submit(f"once-{name}", f"{mark}-{name}"), ruin)
    for name, (request_id, ruin) in made.items():
        wait_for(_done_or_over(developer, request_id, ruin), f"the target of {name} has done its work")
    return made


def _done_or_over(developer: Portal, request_id: str, ruin: Ruin) -> Callable[[], bool]:
    """Whether the call has had its effect, or its request ended before: then its test shows why."""

    def looking() -> bool:
        return ruin.done.is_set() or developer.get(f"/requests/{request_id}/status")["status"] in ENDED

    return looking


@pytest.fixture(scope="module")
def lost(developer: Portal, targets: dict[str, Target]) -> dict[str, str]:
    """Requests whose target did its work, and whose answer was lost."""
    return {name: request_id for name, (request_id, _) in ordered(developer, targets, "lost", "lose").items()}


@pytest.fixture(scope="module")
def killed(developer: Portal, targets: dict[str, Target], stack: RunningStack, lost) -> dict[str, str]:
    """Requests whose target did its work, and whose triggerer was killed before it knew."""
    made = ordered(developer, targets, "killed", "hold")
    before = stack.heartbeats("TriggererJob")
    stack.kill("triggerer")
    for _, ruin in made.values():
        ruin.release.set()
    wait_for(lambda: stack.heartbeats("TriggererJob") - before, "another triggerer has started")
    return {name: request_id for name, (request_id, _) in made.items()}


@pytest.fixture(scope="module")
def unscheduled(developer: Portal, targets: dict[str, Target], stack: RunningStack, killed) -> dict[str, str]:
    """Requests whose target did its work, and whose scheduler was killed before their action ended."""
    made = ordered(developer, targets, "unscheduled", "hold")
    stack.kill("scheduler")
    for _, ruin in made.values():
        ruin.release.set()
    return {name: request_id for name, (request_id, _) in made.items()}


def outcome(developer: Portal, targets: dict[str, Target], request_id: str, name: str, mark: str) -> Any:
    """How the action ended, and how often its target did the work."""
    request = developer.ended(request_id, within=RECOVERY_SECONDS)
    return request["actions"][0]["status"], targets[KINDS[name].at].effects(f"{mark}-{name}"), request["error"]


@pytest.mark.parametrize("name", KINDS)
def test_an_effect_whose_answer_is_lost_happens_once(developer: Portal, targets, lost, name):
    """It is found again, or nobody says that it failed."""
    status, effects, error = outcome(developer, targets, lost[name], name, "lost")

    assert (KINDS[name].ends, 1) == (status, effects), error


@pytest.mark.parametrize("name", KINDS)
def test_an_effect_whose_host_is_killed_happens_once(developer: Portal, targets, killed, name):
    """Between the effect and its record."""
    status, effects, error = outcome(developer, targets, killed[name], name, "killed")

    assert (KINDS[name].ends, 1) == (status, effects), error


@pytest.mark.parametrize("name", KINDS)
def test_an_effect_happens_once_though_the_scheduler_is_killed(developer: Portal, targets, unscheduled, name):
    """Its host lives on, and gets the answer."""
    status, effects, error = outcome(developer, targets, unscheduled[name], name, "unscheduled")

    assert ("completed", 1) == (status, effects), error
