"""An action runs for a request that the API accepted, and for nothing else; whatever comes of it is in its report."""

from __future__ import annotations

import asyncio
import json

import pytest
import structlog
from pao_actions.exceptions import PermanentError
from pao_airflow.memory import read_action_state
from pydantic import BaseModel

from catalog_compiler.actions import ActionResult, ActionType
from catalog_compiler.plan import UndoPlan
from catalog_compiler.run_format import PROGRESS_KEY, REVOKED_KEY, STATE_KEY, KeptAction, RollbackInfo, UndoStep
from catalog_compiler.sealing import Sealer, is_sealed
from tests.api_plugin.runs import a_report
from tests.installed_types import installed
from tests.pao_actions.conftest import Answer
from tests.pao_airflow.conftest import KEY, REQUEST_ID, a_conf, a_step, run, seal, undo

FIELD_TYPES = {"name": "string", "password": "password"}
ONCE = {"retry": {"attempts": 0}}


def put(target, **more):
    return {"method": "PUT", "url": f"{target.url}/things"} | more


def test_an_action_of_an_accepted_request_runs(supervisor, target):
    """What it gave is in its report."""
    target.answers = [Answer(201, b'{"id": "db-1"}')]
    step = a_step(put(target, body={"name": "{{fields.name}}"}, response_mapping={"id": "$.id"}))

    report = run(step, a_conf(step, name="orders"))

    assert ("completed", {"id": "db-1", "status_code": 201}, 1, None) == (
        report.outcome,
        report.outputs,
        report.attempts,
        report.error,
    )
    assert {"name": "orders"} == json.loads(target.only.body)
    assert "corr-1" == target.only.headers["x-correlation-id"]


def refusals(step):
    """Confs that the API did not make for this step or for this run, where they are found, and what the report says."""
    good = a_conf(step, name="a")
    manual = a_conf(step, mode="manual")
    unsigned = "this run was not made by PAO's API"
    copied = f"that of request {REQUEST_ID}, copied from another run; order the item through PAO's API"
    older = a_conf(step.model_copy(update={"revision": "1" * 64}))
    return [
        (None, {}, unsigned),
        ({}, {}, unsigned),
        ({**good, "fields": {"name": "b"}}, {}, unsigned),
        ({**good, "signature": "é"}, {}, unsigned),
        (older, {}, "was accepted for revision 111111111111 of 'queue'"),
        (good, {"run_id": "manual__2026-01-31"}, copied),
        (good, {"dag_id": "other.queue"}, copied),
        (manual, {}, copied),
        (manual, {"dag_id": "default.queue.manual"}, copied),
    ]


@pytest.mark.parametrize("number", range(9))
def test_anything_else_is_refused(supervisor, target, number):
    """Nothing is called, and there is nothing to undo."""
    step = a_step(put(target))
    conf, place, said = refusals(step)[number]

    report = run(step, conf, **place)

    assert ("failed", "permanent", False) == (report.outcome, report.error.kind, report.error.effect_possible)
    assert said in report.error.message
    assert [] == target.received


def test_an_action_of_an_undone_request_is_refused(supervisor, target):
    """A person cleared its task in Airflow; what it made is gone, or going."""
    step = a_step(put(target))
    supervisor.xcoms["default.queue", REQUEST_ID, "create", REVOKED_KEY] = "true"

    report = run(step, a_conf(step), try_number=2)

    assert "the request was rolled back, so its actions must not run again" in report.error.message
    assert [] == target.received


@pytest.mark.parametrize(("large", "outcome", "calls"), [(True, "completed", 1), (False, "skipped", 0)])
def test_a_condition_decides_whether_it_runs(supervisor, target, large, outcome, calls):
    """Over the request's fields."""
    step = a_step(put(target), when={"field": "large", "operator": "eq", "value": True})

    report = run(step, a_conf(step, large=large))

    assert (outcome, calls) == (report.outcome, len(target.received))


def opened(report, *names):
    """These outputs, which must be sealed."""
    assert [] == [name for name in names if not is_sealed(report.outputs[name])]
    return {name: Sealer(KEY).open(report.outputs[name]) for name in names}


def test_secrets_are_opened_for_the_target_alone(supervisor, target):
    """A target that repeats them does not bring them into logs, reports or errors."""
    supervisor.variables["PAO_TOKEN"] = "very-secret-token"
    config = put(
        target,
        headers={"Authorization": "Bearer {{env.TOKEN}}"},
        body={"password": "{{fields.password}}"},
        response_mapping={"id": "$.id", "token": "$.token"},
    )
    target.answers = [Answer(200, b'{"id": "for hunter22hunter", "token": "t-12345"}')]
    step = a_step(config)

    with structlog.testing.capture_logs() as logs:
        report = run(step, a_conf(step, password=seal("hunter22hunter")))

    assert {"password": "hunter22hunter"} == json.loads(target.only.body)
    assert "Bearer very-secret-token" == target.only.headers["authorization"]
    assert {"id": "for hunter22hunter", "token": "t-12345"} == opened(report, "id", "token")
    kept = report.model_dump_json() + str(logs) + str(supervisor.xcoms)
    assert [] == [secret for secret in ("hunter22hunter", "very-secret-token", "t-12345") if secret in kept]
    assert "very-secret-token" in supervisor.masked


def test_an_output_that_holds_a_secret_stays_exact_for_the_next_call_and_the_undo(supervisor, target):
    """People see it as `***`; a call that said `***` would meet nothing, and leave what it should have undone."""
    target.answers = [Answer(201, b'{"id": "db-hunter22hunter-42"}'), Answer(200)]
    step = a_step(put(target, body={"password": "{{fields.password}}"}, response_mapping={"id": "$.id"}))
    after = step.action.model_copy(
        update={"name": "after", "config": put(target, body={"of": "{{response.create.id}}"})}
    )
    conf = a_conf(step, password=seal("hunter22hunter"), rollback=a_rollback(target, "create"))

    report = run(step, conf)
    supervisor.report("create", report)
    run(step.model_copy(update={"action": after}), conf, task_id="after")
    undone = undo(1, conf)

    assert {"id": "db-hunter22hunter-42"} == opened(report, "id")
    _, second, delete = target.received
    assert {"of": "db-hunter22hunter-42"} == json.loads(second.body)
    assert ("completed", "/db-hunter22hunter-42") == (undone.outcome, delete.path)


@pytest.mark.parametrize("status", [400, 503])
def test_a_webhooks_secret_url_is_in_no_log_error_or_report(supervisor, target, status):
    """Messages tell its host; a target that repeats the path does not bring it in either."""
    secret_path = "/services/T0/B0/x-y-z"
    supervisor.variables["PAO_HOOK"] = f"{target.url}{secret_path}?sig=s-i-g\n"
    body = f"no such hook: {secret_path}?sig=s-i-g".encode()
    target.answers = [Answer(status, body, {"Content-Type": "text/plain"})]
    step = a_step({"method": "PUT", "url": "{{env.HOOK}}"}, retry={"attempts": 1, "delay": 0.01})

    with structlog.testing.capture_logs() as logs:
        report = run(step, a_conf(step))

    assert f"{secret_path}?sig=s-i-g" == target.received[0].path
    assert f"*** answered {status}" in report.error.message
    kept = report.model_dump_json() + str(logs)
    assert [] == [part for part in ("services", "T0/B0", "x-y-z", "s-i-g") if part in kept]


def test_a_secret_in_a_path_is_in_no_log_error_or_report(supervisor, target):
    """It stands there percent-encoded."""
    target.answers = [Answer(400, b"")]
    step = a_step({"method": "PUT", "url": f"{target.url}/users/{{{{fields.password}}}}"})

    with structlog.testing.capture_logs() as logs:
        report = run(step, a_conf(step, password=seal("pä ss/wörd&1")))

    assert "/users/p%C3%A4%20ss%2Fw%C3%B6rd%261" == target.only.path
    assert "/users/*** answered 400" in report.error.message
    assert "%C3%B6rd" not in report.model_dump_json() + str(logs)


def test_the_host_of_a_base_url_is_told(supervisor, target):
    """A variable with a host alone holds no secret, and whoever reads an error must know where the call went."""
    supervisor.variables["PAO_BASE"] = f"{target.url}/"
    target.answers = [Answer(400)]
    step = a_step({"method": "PUT", "url": "{{env.BASE}}things"})

    report = run(step, a_conf(step))

    assert f"PUT {target.url.removeprefix('http://')}/things answered 400" in report.error.message


def test_an_error_that_repeats_a_secret_is_masked(supervisor, target):
    """The requester reads it."""
    target.answers = [Answer(400, b"no user hunter22hunter here", {"Content-Type": "text/plain"})]
    step = a_step(put(target, body={"password": "{{fields.password}}"}))

    with structlog.testing.capture_logs() as logs:
        report = run(step, a_conf(step, password=seal("hunter22hunter")))

    assert "no user *** here" in report.error.message
    assert "hunter22hunter" not in report.model_dump_json() + str(logs)


def test_a_missing_variable_is_named(supervisor, target):
    """With what to set; nothing is called."""
    step = a_step(put(target, headers={"Authorization": "{{env.TOKEN}}"}))

    report = run(step, a_conf(step))

    assert "'env.TOKEN' has no value: set the Airflow Variable 'PAO_TOKEN'" in report.error.message
    assert ([], False) == (target.received, report.error.effect_possible)


def test_a_missing_connection_is_named(supervisor, target):
    """As it stands in the item."""
    step = a_step({"method": "PUT", "url": "/things", "connection": "target"}, **ONCE)

    report = run(step, a_conf(step))

    assert "connection 'target' does not exist" in report.error.message
    assert "failed" == report.outcome


LOOK_UPS = [
    ({"url": "/things", "connection": "target"}, "connection 'target' does not exist; create it"),
    ({"url": "{{env.BASE}}/things"}, "'env.BASE' has no value: set the Airflow Variable 'PAO_BASE'"),
]


def a_known_target(supervisor, target, **more):
    """The target as a connection and as a variable."""
    host, _, port = target.url.removeprefix("http://").partition(":")
    known = {"conn_type": "http", "host": host, "port": int(port), "schema": "http", "login": None, "password": None}
    supervisor.connections["target"] = known | more
    supervisor.variables["PAO_BASE"] = target.url


@pytest.mark.parametrize(("config", "said"), LOOK_UPS)
def test_a_look_up_outlasts_a_short_outage(supervisor, target, config, said):
    """Airflow tells one that failed like one that found nothing, so both are repeated."""
    a_known_target(supervisor, target)
    supervisor.outages = 3
    step = a_step({"method": "PUT"} | config)

    report = run(step, a_conf(step))

    assert ("completed", "/things") == (report.outcome, target.only.path)


@pytest.mark.parametrize(("config", "said"), LOOK_UPS)
def test_a_look_up_that_goes_on_failing_says_what_may_be_away(supervisor, target, config, said):
    """After four tries; which of the two it was, Airflow does not tell."""
    a_known_target(supervisor, target)
    supervisor.outages = 4
    step = a_step({"method": "PUT"} | config, **ONCE)

    report = run(step, a_conf(step))

    assert 0 == supervisor.outages
    assert said in report.error.message
    assert "the secrets backend or the database may be away: look at that, then retry" in report.error.message
    assert [] == target.received


def test_a_connection_leads_to_its_target(supervisor, target):
    """With its credentials, which are in no log."""
    a_known_target(supervisor, target, login="pao", password="conn-password")
    step = a_step({"method": "PUT", "url": "/things", "connection": "target"})

    with structlog.testing.capture_logs() as logs:
        report = run(step, a_conf(step))

    assert "completed" == report.outcome, report
    assert "/things" == target.only.path
    assert "conn-password" not in report.model_dump_json() + str(logs)


def test_a_secret_that_no_key_opens_says_so(supervisor, target):
    """The key was taken out of the configuration."""
    step = a_step(put(target, body={"password": "{{fields.password}}"}))

    report = run(step, a_conf(step, password={"$sealed": "gone"}))

    assert "add it to [pao] fernet_key" in report.error.message
    assert [] == target.received


def test_outputs_of_actions_before_are_at_hand(supervisor, target):
    """Secret ones too, opened; those of a skipped action are empty."""
    supervisor.report("before", a_report(outputs={"id": 7, "token": seal("t-12345")}))
    step = a_step(put(target, body={"id": "{{response.before.status_code}}"}))
    supervisor.report("before", a_report(outputs={"status_code": 201}))

    run(step, a_conf(step))

    assert {"id": 201} == json.loads(target.only.body)


def test_a_retry_goes_on_after_a_restart(supervisor, target):
    """The attempts so far are in XCom, for this try alone."""
    step = a_step(put(target), retry={"attempts": 2, "delay": 0.01})
    state = {"attempts": {"attempt": 2, "sent": False, "effect_possible": False}}
    supervisor.xcoms["default.queue", REQUEST_ID, "create", STATE_KEY] = json.dumps({"try_number": 1, "state": state})

    assert 3 == run(step, a_conf(step)).attempts
    assert 1 == run(step, a_conf(step), try_number=2).attempts


def test_the_idempotency_key_is_new_for_a_persons_try_alone(supervisor, target):
    """Automatic retries repeat it."""
    target.answers = [Answer(503), Answer(200), Answer(200)]
    step = a_step(put(target), retry={"attempts": 1, "delay": 0.01})
    run(step, a_conf(step))
    run(step, a_conf(step), try_number=2)

    first, again, person = [received.headers["idempotency-key"] for received in target.received]

    assert first == again != person


class Ticket(ActionType):
    """Makes a ticket that is declined; what undoes it closes it."""

    name = "ticket"
    summary = "Makes a ticket."
    seen: list[tuple[str, object]] = []  # noqa: RUF012 - of this test alone

    class Config(BaseModel):
        """One optional key."""

        key: str = ""

    async def run(self, _config, context):
        context.secrets.add("fetched-token")
        context.log.info("ticket_made", key="OPS-1", token="fetched-token")
        made = ActionResult(
            outputs={"key": "OPS-1", "cookie": "a fetched-token"}, url="https://jira.example.com/OPS-1?t=fetched-token"
        )
        raise PermanentError("OPS-1 was declined: fetched-token", effect_possible=True, result=made)

    async def undo(self, config, context):
        self.seen.append((context.mode, config.key))
        return ActionResult(outputs={})


@pytest.fixture
def ticket():
    """The type, installed."""
    Ticket.seen.clear()
    with installed(Ticket):
        yield Ticket


def a_ticket(**undo_config):
    rollback = {"type": "ticket", "config": undo_config}
    return a_step({}, type="ticket", rollback=rollback)


def test_what_a_failed_action_made_is_reported(supervisor, ticket):
    """Its outputs and its link; a text that it fetched and had masked is masked, and sealed in outputs."""
    step = a_ticket()

    with structlog.testing.capture_logs() as logs:
        report = run(step, a_conf(step))

    assert ("failed", "OPS-1", True) == (report.outcome, report.outputs["key"], report.error.effect_possible)
    assert {"cookie": "a fetched-token"} == opened(report, "cookie")
    assert "https://jira.example.com/OPS-1?t=***" == report.url
    assert "fetched-token" not in report.model_dump_json() + str(logs)


def test_what_an_action_waits_for_is_told_once_and_masked(supervisor, ticket):
    """In this try's XCom, where the API and Airflow's UI find it; a link that no browser should follow is not told."""
    told = []

    async def wait(_self, _config, context):
        context.secrets.add("fetched-token")
        for url in ("https://x.example/1?t=fetched-token", "https://x.example/1?t=fetched-token", "javascript:1", None):
            await context.progress.waiting(url=url)
            told.append(supervisor.xcoms.pop(("default.queue", REQUEST_ID, "create", PROGRESS_KEY), None))
        return ActionResult(outputs={})

    step = a_ticket()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ticket, "run", wait)
        run(step, a_conf(step), try_number=2)

    first, *others = told
    assert {"try_number": 2, "url": "https://x.example/1?t=***"} == json.loads(first)
    assert [None, '{"try_number": 2, "url": null}', None] == others


def test_the_undo_of_a_failed_action_sees_what_it_made_all_the_same(supervisor, ticket):
    """By its own name alone: to the others it has not completed."""
    step = a_ticket()
    conf = a_conf(step, rollback=_undos(("create", "{{response.create.key}}"), ("after", "{{response.create.key}}")))
    supervisor.report("create", run(step, conf))

    assert "completed" == undo(1, conf).outcome
    assert "'key': Input should be a valid string" in undo(2, conf).error.message
    assert [("automatic", "OPS-1")] == ticket.seen


def _undos(*steps):
    undos = tuple(
        UndoStep(action=name, mode="automatic", undo=UndoPlan(type="ticket", config={"key": key}))
        for name, key in steps
    )
    return RollbackInfo(clear_number=0, header={"id": "queue"}, field_types=FIELD_TYPES, steps=undos)


def a_rollback(target, *names, method="DELETE"):
    steps = tuple(
        UndoStep(
            action=name,
            mode="automatic",
            undo=UndoPlan(
                type="rest-api", config={"method": method, "url": f"{target.url}/{{{{response.{name}.id}}}}"}
            ),
        )
        for name in names
    )
    return RollbackInfo(clear_number=0, header={"id": "queue"}, field_types=FIELD_TYPES, steps=steps)


def test_an_undo_uses_the_outputs_of_its_action(supervisor, target):
    """Which are in the request's run, not in the rollback's."""
    supervisor.report("a", a_report(outputs={"id": "a-1"}))
    supervisor.report("b", a_report(outputs={"id": "b-1"}))
    conf = a_conf(a_step(put(target)), rollback=a_rollback(target, "b", "a"))

    assert ["completed", "completed"] == [undo(1, conf).outcome, undo(2, conf).outcome]
    assert [("DELETE", "/b-1"), ("DELETE", "/a-1")] == [(got.method, got.path) for got in target.received]


def test_an_undo_uses_what_was_kept_where_airflow_has_lost_it(supervisor, target):
    """The rollback's run brings it along; nobody asks Airflow, nor waits for an action that may still be stopping."""
    kept = {"a": KeptAction(report=a_report(outputs={"id": seal("a-1")}), state={"key": "K"})}
    rollback = a_rollback(target, "a", "b").model_copy(update={"kept": {"automatic": kept}})
    conf = a_conf(a_step(put(target)), rollback=rollback)

    assert ["completed", "failed"] == [undo(1, conf).outcome, undo(2, conf).outcome]
    assert [("DELETE", "/a-1")] == [(got.method, got.path) for got in target.received]


def test_the_last_place_undoes_what_is_left_of_the_list(supervisor, target):
    """The DAG is of a later revision, with fewer places; one that fails does not keep the others from being undone."""
    for name in "abc":
        supervisor.report(name, a_report(outputs={"id": name}))
    target.answers = [Answer(400), Answer(200)]
    conf = a_conf(a_step(put(target)), rollback=a_rollback(target, "c", "b", "a"))

    report = undo(2, conf, and_rest=True)

    assert "failed" == report.outcome
    assert ["/b", "/a"] == [got.path for got in target.received]


def test_undos_in_one_place_each_have_their_own_memory(supervisor, target):
    """Those that must not be sent twice are all sent once, and none again where the triggerer is restarted."""
    for name in "ab":
        supervisor.report(name, a_report(outputs={"id": name}))
    conf = a_conf(a_step(put(target)), rollback=a_rollback(target, "b", "a", method="POST"))

    assert "completed" == undo(1, conf, and_rest=True).outcome
    assert ["/b", "/a"] == [got.path for got in target.received]

    assert "outcome_unknown" == undo(1, conf, and_rest=True).outcome
    assert 2 == len(target.received)


@pytest.mark.parametrize(("position", "and_rest"), [(2, False), (3, True)])
def test_a_place_without_an_undo_is_skipped(supervisor, target, position, and_rest):
    """A person who clears a rollback run starts its unused places too."""
    conf = a_conf(a_step(put(target)), rollback=a_rollback(target, "a"))

    report = undo(position, conf, and_rest=and_rest)

    assert ("skipped", None) == (report.outcome, report.error)
    assert [] == target.received


def test_an_undo_without_its_outputs_says_what_is_left(supervisor, target):
    """It can't be resolved; a person must look."""
    conf = a_conf(a_step(put(target)), rollback=a_rollback(target, "a"))

    report = undo(1, conf)

    assert "'a' can't be undone: " in report.error.message
    assert [] == target.received


@pytest.mark.parametrize("conf", [None, {}])
def test_a_rollback_that_the_api_did_not_make_is_refused(supervisor, target, conf):
    """Whoever may start runs in Airflow could otherwise delete anything."""
    assert "this run was not made by PAO's API" in undo(1, conf).error.message


def test_a_run_that_is_no_rollback_undoes_nothing(supervisor, target):
    """Its conf is good, for another DAG."""
    assert "this run holds no rollback" in undo(1, a_conf(a_step(put(target)))).error.message


@pytest.mark.parametrize(
    "place",
    [
        {"run_id": "manual__2026-01-31"},
        {"run_id": f"{REQUEST_ID}.rollback.1"},
        {"run_id": REQUEST_ID},
        {"dag_id": "other.queue.rollback"},
        {"dag_id": "default.queue"},
    ],
)
def test_a_rollback_that_was_copied_into_another_run_is_refused(supervisor, target, place):
    """It would undo a second time what may be somebody else's by now."""
    supervisor.report("a", a_report(outputs={"id": "a-1"}))
    conf = a_conf(a_step(put(target)), rollback=a_rollback(target, "a"))

    report = undo(1, conf, **place)

    assert ("failed", False) == (report.outcome, report.error.effect_possible)
    assert "copied from another run; order the item through PAO's API" in report.error.message
    assert [] == target.received


def test_an_undo_gets_what_its_action_stored(supervisor, target):
    """Whichever try stored it, and however that ended."""
    state = {"attempts": {}, "action": {"commit": "c0ffee"}}
    place = {"dag_id": "default.queue", "run_id": REQUEST_ID, "task_id": "a"}
    stored = read_action_state(**place)
    supervisor.xcoms[(*place.values(), STATE_KEY)] = json.dumps({"try_number": 3, "state": state})

    assert {"commit": "c0ffee"} == asyncio.run(stored)
    assert {} == asyncio.run(read_action_state(**place | {"task_id": "b"}))


def test_a_secret_part_of_an_output_is_sealed_by_itself(supervisor, target):
    """People see the rest; actions after this one, and its undo, see all of it."""
    target.answers = [Answer(200, b'{"id": "x", "parts": {"open": 1, "inner": "hunter22hunter"}}')]
    step = a_step(put(target, body={"p": "{{fields.password}}"}, response_mapping={"parts": "$.parts"}))

    report = run(step, a_conf(step, password=seal("hunter22hunter")))
    parts = report.outputs["parts"]

    assert 1 == parts["open"]
    assert "hunter22hunter" == Sealer(KEY).open(parts["inner"])
    supervisor.report("before", a_report(outputs={"status_code": parts}))
    later = a_step(put(target, body={"all": "{{response.before.status_code}}"}))
    run(later, a_conf(later))
    assert {"all": {"open": 1, "inner": "hunter22hunter"}} == json.loads(target.received[-1].body)
