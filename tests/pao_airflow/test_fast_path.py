"""Where the events of actions arrive, their runs are taken on as the scheduler would: at once, and once."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import psycopg2
import pytest
from airflow.callbacks.callback_requests import DagCallbackRequest
from airflow.jobs.triggerer_job_runner import TriggerEventEntry, TriggerRunnerSupervisor
from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.db_callback_request import DbCallbackRequest
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.models.xcom import XComModel
from airflow.triggers.base import TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent
from airflow.utils.helpers import log_filename_template_renderer
from airflow.utils.session import create_session
from pao_airflow import event_hands, outage, trigger_supervisor
from pao_airflow.event_hands import EventHands
from pao_airflow.fast_path import FastPath
from pao_airflow.stranded_runs import overlooked_runs, stranded_runs
from pao_airflow.trigger_supervisor import PaoTriggerRunnerSupervisor
from sqlalchemy import delete, select, text, update

from api_plugin.clock import utc_now
from api_plugin.stopping import lock_run, stop_run
from catalog_compiler.run_format import REPORT_KEY, decode
from tests.api_plugin.conftest import world  # noqa: F401 - its items and requests are ours too
from tests.api_plugin.runs import a_report
from tests.conftest import DATABASE_URL
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item("queue", action("first", rollback=UNDO), action("second"))
BESIDE = compiled_item(
    "beside",
    action("left", depends_on=[]),
    action("right", depends_on=[]),
    action("joined", depends_on=["left", "right"]),
)
TRIGGERER, OTHER = 7, 8
MUCH = 1000


class Runs:
    """Requests of the item, whose runs Airflow has let start."""

    def __init__(self, world_):
        self.world, self.session = world_, world_.session

    def start(self, item_id="queue"):
        """The key of a running run, of which nothing has begun."""
        request = self.world.order(item_id)
        self.world.run(request, "running")
        return request.dag_id, request.run_id

    def begun(self):
        """The key of one whose first action waits in a triggerer, and its trigger."""
        key = self.start()
        (trigger,) = FastPath(TRIGGERER).take({}, [key], room=MUCH).started
        return key, trigger

    def tasks(self, key):
        """The state of each of its tasks."""
        self.session.rollback()
        mine = select(TaskInstance.task_id, TaskInstance.state).where(TaskInstance.run_id == key[1])
        return dict(self.session.execute(mine).all())

    def state(self, key):
        """That of the run."""
        self.session.rollback()
        return self.session.scalar(select(DagRun.state).where(DagRun.run_id == key[1]))

    def everything(self, key):
        """All that Airflow knows of it, but for times and what names it."""
        self.session.rollback()
        passing = {"id", "run_id", "trigger_id", "dag_run_id", "context_carrier", "conf", "scheduled_by_job_id"}
        found = []
        for table in (DagRun, TaskInstance, XComModel):
            order = [table.task_id] if table is not DagRun else []
            rows = self.session.execute(select(table.__table__).where(table.run_id == key[1]).order_by(*order))
            found += [
                {name: value for name, value in row.items() if name not in passing and not is_time(name)}
                for row in rows.mappings()
            ]
        return found


def is_time(column):
    return column.endswith(("_at", "_date", "_dttm", "duration", "timestamp", "run_after", "last_scheduling_decision"))


@pytest.fixture
def runs(world):  # noqa: F811 - the fixture
    """The item is published, and its DAG written."""
    world.publish(ITEM, BESIDE)
    world.parse(ITEM, BESIDE)
    yield Runs(world)
    world.session.rollback()
    world.session.execute(delete(DbCallbackRequest))
    world.session.execute(delete(Trigger))
    world.session.commit()


def ended(outcome="completed"):
    """What a trigger tells whose action ended so."""
    kinds = {"completed": TaskSuccessEvent, "failed": TaskFailedEvent, "skipped": TaskSkippedEvent}
    return kinds[outcome](xcoms={REPORT_KEY: a_report(outcome).model_dump(mode="json")})


def take(events, runs=(), room=MUCH):
    return FastPath(TRIGGERER).take(events, runs, room=room)


def callbacks(session):
    """What the DAG processor is asked to do."""
    session.rollback()
    return [row.get_callback_request() for row in session.scalars(select(DbCallbackRequest))]


def test_the_next_action_starts_with_the_event_of_the_one_before(runs):
    """In this triggerer; of the one that ended nothing is left to run, and nobody is called."""
    key, trigger = runs.begun()

    taken = take({trigger: ended()})

    assert {"first": "success", "second": "deferred"} == runs.tasks(key)
    (started,) = taken.started
    assert ({trigger}, {key}) == (taken.done, taken.runs)
    assert [(started, TRIGGERER)] == runs.session.execute(select(Trigger.id, Trigger.triggerer_id)).all()
    assert [] == callbacks(runs.session)


def test_a_run_ends_with_the_event_of_its_last_action(runs):
    """Nothing starts, and nobody is called."""
    key, trigger = runs.begun()
    (second,) = take({trigger: ended("skipped")}).started

    taken = take({second: ended()})

    assert ({"first": "skipped", "second": "success"}, "success") == (runs.tasks(key), runs.state(key))
    assert frozenset() == taken.started
    assert [] == callbacks(runs.session)


def test_a_run_fails_with_the_event_of_a_failure(runs):
    """What comes after never starts; the run's callback is sent in the same transaction, and none of its task's."""
    key, trigger = runs.begun()

    take({trigger: ended("failed")})

    assert ({"first": "failed", "second": "upstream_failed"}, "failed") == (runs.tasks(key), runs.state(key))
    (callback,) = callbacks(runs.session)
    assert isinstance(callback, DagCallbackRequest)
    assert (*key, True) == (callback.dag_id, callback.run_id, callback.is_failure_callback)


def test_what_is_there_afterwards_is_what_airflow_leaves(runs):
    """Column by column, of the run, its tasks and what they left; the times aside."""
    one, trigger = runs.begun()
    (second,) = take({trigger: ended()}).started
    take({second: ended("failed")})
    other = runs.start()
    for outcome in (None, "completed", "failed", None):
        with create_session(scoped=False) as session:
            run = session.scalar(select(DagRun).where(DagRun.run_id == other[1]))
            if outcome is not None:
                of_it = select(Trigger.id).join(Trigger.task_instance).where(TaskInstance.run_id == other[1])
                Trigger.submit_event(session.scalar(of_it), ended(outcome), session=session)
                session.flush()
            run.dag = DBDagBag().get_dag_for_run(dag_run=run, session=session)
            found, _ = run.update_state(session=session, execute_callbacks=False)
            run.schedule_tis(found, session=session)

    assert runs.everything(other) == runs.everything(one)


def test_many_are_taken_together(runs):
    """Each run goes its own way."""
    begun = dict(runs.begun() for _ in range(12))
    outcomes = ["completed", "failed", "skipped"] * 4

    taken = take({trigger: ended(outcome) for trigger, outcome in zip(begun.values(), outcomes, strict=True)})

    assert (set(begun), set(begun.values()), 8) == (taken.runs, taken.done, len(taken.started))
    assert ["running", "failed", "running"] * 4 == [runs.state(key) for key in begun]


def test_a_run_that_somebody_else_has_locked_is_taken_on_later(runs):
    """As the scheduler has many in each of its loops: its task ends, and nobody waits; the others are taken."""
    locked, its_trigger = runs.begun()
    free, trigger = runs.begun()

    with create_session(scoped=False) as session:
        session.scalars(select(DagRun).where(DagRun.run_id == locked[1]).with_for_update()).one()
        taken = take({its_trigger: ended(), trigger: ended()}, [locked])

    assert ({its_trigger, trigger}, {free}, {locked}) == (taken.done, taken.runs, taken.left)
    assert {"first": "success", "second": None} == runs.tasks(locked)
    assert 1 == len(take({}, [locked]).started)
    assert [] == callbacks(runs.session)


def test_a_task_that_somebody_else_has_locked_is_left(runs):
    """A person stops it, or clears it."""
    key, trigger = runs.begun()
    its_row = select(TaskInstance).where(TaskInstance.trigger_id == trigger)

    with create_session(scoped=False) as session:
        session.scalars(its_row.with_for_update(of=TaskInstance)).one()
        taken = take({trigger: ended()})

    assert frozenset() == taken.done
    assert "deferred" == runs.tasks(key)["first"]
    assert {trigger} == take({trigger: ended()}).done


def test_a_run_whose_event_was_stored_otherwise_is_taken_on_later(runs):
    """As after it was locked."""
    key, trigger = runs.begun()
    Trigger.submit_event(trigger, ended())

    first, again = take({}, [key]), take({}, [key])

    assert ({key}, 1, 0) == (first.runs, len(first.started), len(again.started))
    assert {"first": "success", "second": "deferred"} == runs.tasks(key)


@pytest.mark.parametrize("state", ["failed", "success", None])
def test_a_task_that_waits_no_more_is_left(runs, state):
    """A person marked it, or cleared it: what Airflow does then is Airflow's matter."""
    key, trigger = runs.begun()
    first = select(TaskInstance).where(TaskInstance.run_id == key[1], TaskInstance.task_id == "first")
    runs.session.scalars(first).one().state = state
    runs.session.commit()

    assert frozenset() == take({trigger: ended()}).done
    assert state == runs.tasks(key)["first"]


def test_a_run_that_is_over_is_left(runs):
    """It was stopped while its action ended."""
    key, trigger = runs.begun()
    runs.session.scalars(select(DagRun).where(DagRun.run_id == key[1])).one().state = "failed"
    runs.session.commit()

    assert (frozenset(), frozenset()) == ((taken := take({trigger: ended()}, [key])).done, taken.runs)


def test_a_run_whose_dag_is_paused_is_left(runs):
    """In Airflow, that freezes running runs too; they go on when it is paused no more."""
    key, trigger = runs.begun()
    pause = update(DagModel).where(DagModel.dag_id == key[0])
    runs.session.execute(pause.values(is_paused=True))
    runs.session.commit()

    assert (frozenset(), frozenset()) == ((taken := take({trigger: ended()}, [key])).done, taken.runs)
    Trigger.submit_event(trigger, ended())
    assert [] == stranded_runs(runs.session, MUCH)
    runs.session.execute(pause.values(is_paused=False))
    runs.session.commit()
    assert [key] == stranded_runs(runs.session, MUCH)


def test_what_is_not_the_end_of_a_task_goes_airflows_way(runs):
    """An undo that needs a worker is handed over to one."""
    key, trigger = runs.begun()

    taken = take({trigger: TriggerEvent("undo")})

    assert {trigger} == taken.done
    assert "scheduled" == runs.tasks(key)["first"]


def test_what_there_is_no_room_for_is_anybodys(runs):
    """The next triggerer that looks takes it."""
    key, trigger = runs.begun()

    assert frozenset() == take({trigger: ended()}, room=0).started
    assert [None] == runs.session.scalars(select(Trigger.triggerer_id)).all()
    assert "deferred" == runs.tasks(key)["second"]


def test_runs_that_nothing_is_at_work_for_are_found(runs):
    """One whose task ended elsewhere, and one that has not begun; not those that wait, and none that is over."""
    waiting, _ = runs.begun()
    stranded, its_trigger = runs.begun()
    Trigger.submit_event(its_trigger, ended())
    over, last = runs.begun()
    take({last: ended("failed")})
    new = runs.start()

    assert [new, stranded] == stranded_runs(runs.session, MUCH)
    assert [new] == stranded_runs(runs.session, 1)
    assert ("running", "failed") == (runs.state(waiting), runs.state(over))


def test_a_run_of_which_a_task_has_ended_since_is_found_though_another_is_at_work(runs):
    """It may wait for a ticket for hours, and the scheduler comes to the run after all others that wait."""
    key = runs.start("beside")
    take({}, [key])
    waiting = select(TaskInstance.task_id, TaskInstance.trigger_id).where(TaskInstance.run_id == key[1])
    triggers = dict(runs.session.execute(waiting).all())

    assert [] == overlooked_runs(runs.session, MUCH)
    Trigger.submit_event(triggers["left"], ended())
    runs.session.commit()
    assert ([], [key]) == (stranded_runs(runs.session, MUCH), overlooked_runs(runs.session, MUCH))
    take({}, [key])
    assert [] == overlooked_runs(runs.session, MUCH)


def test_a_run_whose_task_is_to_be_tried_again_is_found(runs):
    """It begins once its time has come, however many runs the scheduler looks at before."""
    key, _ = runs.begun()
    mine = (TaskInstance.dag_id == key[0], TaskInstance.run_id == key[1], TaskInstance.task_id == "first")
    runs.session.execute(update(TaskInstance).where(*mine).values(state="up_for_retry"))
    runs.session.commit()

    assert [key] == stranded_runs(runs.session, MUCH)


def test_runs_of_the_platforms_own_dags_are_found(runs):
    """All of its DAGs: they run each minute, one at a time."""
    made = [
        DagRun(
            dag_id=path.stem,
            run_id="one",
            run_type="manual",
            state="running",
            run_after=utc_now(),
            triggered_by="rest_api",
        )
        for path in sorted((Path(__file__).parents[2] / "dags").glob("*.py"))
    ]
    runs.session.add_all(made)
    runs.session.commit()

    found = stranded_runs(runs.session, MUCH)
    for run in made:
        runs.session.delete(run)
    runs.session.commit()

    assert {(run.dag_id, "one") for run in made} == set(found)


def test_a_run_of_a_dag_with_a_schedule_leaves_room_for_the_next(runs, monkeypatch):
    """Where it ends here; Airflow's scheduler makes no other before it knows of that."""
    made = []
    monkeypatch.setattr("pao_airflow.fast_path.make_room", lambda _session, dag_id: made.append(dag_id))
    key, trigger = runs.begun()
    take({trigger: ended("failed")})
    monkeypatch.setattr("airflow.timetables.simple.NullTimetable.can_be_scheduled", True)
    scheduled, its_trigger = runs.begun()
    take({its_trigger: ended("failed")})

    assert ("failed", "failed") == (runs.state(key), runs.state(scheduled))
    assert [scheduled[0]] == made


def entry(trigger):
    """What the runner tells of a trigger that has ended."""
    return TriggerEventEntry(trigger_id=trigger, event=ended(), persist_seq=None)


class Supervisor(PaoTriggerRunnerSupervisor):
    """One that has no process."""

    def __init__(self, triggerer=TRIGGERER):
        self.job = SimpleNamespace(id=triggerer)
        self.stop, self.failed_triggers, self.last_words = False, deque(), []
        self.channel = SimpleNamespace(wake=lambda: None)
        self.logger_cache = {}
        self.capacity, self.running_triggers, self.team_name = MUCH, set(), None
        self.events, self.persisted_event_seqs, self.creating_triggers = deque(), deque(), deque()

    def kill(self, **_more):
        """The runner's last words come before it ends."""
        self.events.extend(self.last_words)

    def hear(self, *triggers):
        """Be told of the ends of triggers that were built here, and deal with them."""
        self.build_trigger_workloads({*triggers})
        self.events.extend(map(entry, triggers))
        self.handle_events()


def test_a_trigger_is_given_to_the_runner_with_the_conf_of_its_run_alone(runs):
    """Beside what Airflow gives; neither its DAG nor anything else of the run."""
    key, trigger = runs.begun()
    ours, airflows = Supervisor(), Supervisor()

    (own,) = ours.build_trigger_workloads({trigger})
    (known,) = TriggerRunnerSupervisor.build_trigger_workloads(airflows, {trigger})

    airflows_own = TriggerRunnerSupervisor._create_workload  # noqa: SLF001 - what is compared
    with create_session() as session:
        row = Trigger.bulk_fetch({trigger}, session=session)[trigger]
        whole = airflows_own(airflows, row, DBDagBag(), log_filename_template_renderer(), session)
    assert whole.dag_data is not None
    assert whole.model_copy(update={"dag_data": None, "dag_run_data": own.dag_run_data}) == own == known
    assert {"conf": whole.dag_run_data["conf"]} == own.dag_run_data
    assert key[1] == own.dag_run_data["conf"]["request"]["id"]
    paths = [each.logger_cache[trigger].log_path for each in (ours, airflows)]
    assert paths[0] == paths[1]


def test_one_that_can_not_be_taken_keeps_none_of_the_others(runs):
    """What it leaves can't be stored, or a fault is ours: it goes Airflow's way, alone."""
    bad_key, bad = runs.begun()
    good_key, good = runs.begun()
    unstorable = TaskSuccessEvent(xcoms={REPORT_KEY: object()})

    taken = EventHands(FastPath(TRIGGERER)).take({bad: unstorable, good: ended()}, (), room=MUCH)

    assert ({good}, {good_key}, 1) == (taken.done, taken.runs, len(taken.started))
    assert ("deferred", "success") == (runs.tasks(bad_key)["first"], runs.tasks(good_key)["first"])


@pytest.mark.timeout(60)
def test_a_stop_that_is_not_committed_yet_is_not_undone_by_the_event(runs):
    """Whoever holds the run decides: the event waits for that, and finds a task that waits no more."""
    key, trigger = runs.begun()
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with create_session(scoped=False) as session:
        lock_run(session, key)
        stop_run(session, key)
        session.flush()
        telling = Thread(target=Supervisor().hear, args=(trigger,))
        telling.start()
        while not runs.session.scalar(waiting):
            runs.session.rollback()
        session.commit()
    telling.join()

    assert ({"first": "failed", "second": "skipped"}, "failed") == (runs.tasks(key), runs.state(key))
    stored = runs.session.scalar(select(XComModel.value).where(XComModel.run_id == key[1]))
    assert a_report().model_dump(mode="json") == decode(stored)


def test_many_events_are_dealt_with_in_rounds(runs, monkeypatch):
    """In between it hears its runner and reports that it lives; none is forgotten, and each goes the fast way."""
    monkeypatch.setattr(trigger_supervisor, "A_ROUND", 2)
    begun = dict(runs.begun() for _ in range(3))
    supervisor = Supervisor()

    supervisor.hear(*begun.values())
    supervisor.forget_tasks()
    first = [runs.tasks(key)["first"] for key in begun]
    supervisor.handle_events()

    assert ["success", "success", "deferred"] == first
    assert ["deferred"] * 3 == [runs.tasks(key)["second"] for key in begun]
    assert ([], []) == (list(supervisor.events), callbacks(runs.session))


def test_parts_of_many_events_are_taken_side_by_side(runs, monkeypatch):
    """Each in a transaction of its own; all are taken, and what follows is this triggerer's."""
    monkeypatch.setattr(event_hands, "AT_ONCE", 2)
    begun = dict(runs.begun() for _ in range(5))
    supervisor = Supervisor()

    supervisor.hear(*begun.values())

    assert ["deferred"] * 5 == [runs.tasks(key)["second"] for key in begun]
    assert [TRIGGERER] * 5 == runs.session.scalars(select(Trigger.triggerer_id)).all()
    assert 5 == len(supervisor.creating_triggers)
    assert ([], []) == (list(supervisor.events), callbacks(runs.session))


@pytest.mark.timeout(60)
def test_steps_of_one_run_that_end_in_two_transactions_at_once_lose_none(runs, monkeypatch):
    """The one has the run locked when the other's step ends: the run is taken on again, though the one took it on."""
    monkeypatch.setattr(event_hands, "AT_ONCE", 1)
    key = runs.start("beside")
    take({}, [key])
    waiting = select(TaskInstance.task_id, TaskInstance.trigger_id).where(TaskInstance.run_id == key[1])
    triggers = dict(runs.session.execute(waiting).all())
    supervisor, takes_on, commits = Supervisor(), FastPath._take_on, FastPath.take  # noqa: SLF001 - to come in between
    first, second = Event(), Event()

    def take_on(self, session, run):
        started = list(takes_on(self, session, run))
        first.set()
        second.wait(20)
        return started

    def taking(self, events, runs=(), *, room):
        # The second begins when the first has looked what is next, and ends before it commits.
        if triggers["right"] in events:
            first.wait(20)
            try:
                return commits(self, events, runs, room=room)
            finally:
                second.set()
        return commits(self, events, runs, room=room)

    with monkeypatch.context() as patched:
        patched.setattr(FastPath, "_take_on", take_on)
        patched.setattr(FastPath, "take", taking)
        supervisor.hear(triggers["left"], triggers["right"])
    supervisor.handle_events()

    assert {"left": "success", "right": "success", "joined": "deferred"} == runs.tasks(key)
    assert [] == callbacks(runs.session)


@contextmanager
def nobody_connects():
    """The database ends all connections and takes none, while the block runs."""
    admin = psycopg2.connect(DATABASE_URL.replace("+psycopg2", "").replace("/postgres?", "/template1?"))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS false")
        try:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres'")
            yield
        finally:
            cursor.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS true")
    admin.close()


def test_a_database_that_is_away_costs_no_event(runs, monkeypatch):
    """The supervisor goes on, and deals with them once it is back: the fast way, with no callback."""
    monkeypatch.setattr(outage, "AGAIN_SECONDS", 0.0)
    begun = dict(runs.begun() for _ in range(3))
    supervisor = Supervisor()
    supervisor.build_trigger_workloads({*begun.values()})
    runs.session.close()

    supervisor.events.extend(entry(trigger) for trigger in begun.values())
    supervisor.failed_triggers.append((0, None))
    with nobody_connects():
        for _ in range(2):
            with supervisor._outage.survived():  # noqa: SLF001 - as in each round
                supervisor._deal_with_ends()  # noqa: SLF001 - as above
            assert (3, 1) == (len(supervisor.events), len(supervisor.failed_triggers))
    supervisor._deal_with_ends()  # noqa: SLF001 - as above

    assert ([], []) == (list(supervisor.events), list(supervisor.failed_triggers))
    assert ["deferred"] * 3 == [runs.tasks(key)["second"] for key in begun]
    assert [] == callbacks(runs.session)


def test_what_ended_is_stored_before_the_triggerer_ends(runs, monkeypatch):
    """Also what the runner tells last, and more than a round; what follows is for another triggerer to start."""
    monkeypatch.setattr(trigger_supervisor, "A_ROUND", 1)
    begun = dict(runs.begun() for _ in range(3))
    supervisor = Supervisor()
    supervisor.build_trigger_workloads({*begun.values()})
    known, *last = (entry(trigger) for trigger in begun.values())
    supervisor.events.append(known)
    supervisor.last_words = last

    supervisor._end_well()  # noqa: SLF001 - as at the end of `run`

    assert ["success"] * 3 == [runs.tasks(key)["first"] for key in begun]
    assert ["deferred"] * 3 == [runs.tasks(key)["second"] for key in begun]
    assert [None] * 3 == runs.session.scalars(select(Trigger.triggerer_id)).all()
    assert [] == list(supervisor.creating_triggers)


def test_what_is_claimed_counts_before_the_runner_has_it(runs):
    """Each may start several, and no more run than there is room for."""
    begun = dict(runs.begun() for _ in range(3))
    supervisor = Supervisor()
    supervisor.capacity = 2

    for trigger in begun.values():
        supervisor.hear(trigger)

    assert (2, 2) == (len(supervisor.creating_triggers), supervisor.capacity)
    owners = runs.session.scalars(select(Trigger.triggerer_id).order_by(Trigger.id)).all()
    assert [TRIGGERER, TRIGGERER, None] == owners


@pytest.mark.timeout(60)
def test_two_triggerers_that_end_steps_side_by_side_lose_none(runs, monkeypatch):
    """The one has looked what is next, and not committed, when the other's step ends: the last step starts, once."""
    key = runs.start("beside")
    take({}, [key])
    waiting = select(TaskInstance.task_id, TaskInstance.trigger_id).where(TaskInstance.run_id == key[1])
    triggers = dict(runs.session.execute(waiting).all())
    other, takes_on = Supervisor(OTHER), FastPath._take_on  # noqa: SLF001 - to come in between

    def take_on(self, session, run):
        started = list(takes_on(self, session, run))
        monkeypatch.undo()
        other.hear(triggers["right"])
        return started

    monkeypatch.setattr(FastPath, "_take_on", take_on)
    first = take({triggers["left"]: ended()})
    other.handle_events()

    assert ({triggers["left"]}, frozenset()) == (first.done, first.started)
    assert {"left": "success", "right": "success", "joined": "deferred"} == runs.tasks(key)
    assert [] == callbacks(runs.session)
    assert [OTHER] == runs.session.scalars(select(Trigger.triggerer_id).join(Trigger.task_instance)).all()
