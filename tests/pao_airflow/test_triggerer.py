"""The triggerer's two processes never wait for each other, and neither looks once a second only."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import threading
from types import SimpleNamespace
from typing import ClassVar

import pytest
from airflow.executors.workloads.trigger import RunTrigger
from airflow.jobs.triggerer_job_runner import TriggerRunner, TriggerRunnerSupervisor
from pao_airflow import trigger_runner, trigger_supervisor, trigger_workloads, triggerer
from pao_airflow.background_sender import BackgroundSender
from pao_airflow.last_call import CallsAtWork
from pao_airflow.signal_channel import SignalChannel
from pao_airflow.signals import board
from pao_airflow.trigger_runner import PaoTriggerRunner
from pao_airflow.trigger_supervisor import PaoTriggerRunnerSupervisor

from catalog_compiler.open_files import OTHER_FILES

MUCH = 8 * 1024 * 1024
"""Bytes; more than any socket holds."""


@pytest.fixture
def pair():
    """Two ends of a connection: a sender's, and the socket that reads it."""
    ours, theirs = socket.socketpair()
    sender = BackgroundSender(ours)
    yield sender, theirs
    sender.close()
    theirs.close()


def read(sock, size):
    """So many bytes."""
    found = bytearray()
    while len(found) < size and (part := sock.recv(min(65536, size - len(found)))):
        found += part
    return bytes(found)


@pytest.mark.timeout(30)
def test_sending_returns_before_anything_is_read(pair):
    """What would not fit is sent as it is read, in order."""
    sender, theirs = pair

    sender.sendall(b"a" * MUCH)
    sender.sendall(b"b" * MUCH)

    assert b"a" * MUCH + b"b" * MUCH == read(theirs, 2 * MUCH)


@pytest.mark.timeout(30)
def test_two_that_both_have_more_to_say_than_fits_both_end():
    """The stop of Airflow's own: the one sends while the other writes its log, and neither reads."""
    frames, runner_frames = socket.socketpair()
    log, runner_log = socket.socketpair()
    sender = BackgroundSender(frames)

    def runner():
        runner_log.sendall(b"l" * MUCH)
        read(runner_frames, MUCH)
        runner_log.sendall(b"!")

    other = threading.Thread(target=runner, daemon=True)
    other.start()
    sender.sendall(b"f" * MUCH)

    assert b"l" * MUCH + b"!" == read(log, MUCH + 1)
    other.join()
    sender.close()
    for end in (runner_frames, log, runner_log):
        end.close()


@pytest.mark.timeout(30)
def test_an_end_that_is_gone_stops_nobody(pair):
    """The supervisor notices by itself that its runner has died."""
    sender, theirs = pair
    theirs.close()

    for _ in range(3):
        sender.sendall(b"a" * MUCH)


class Workloads(PaoTriggerRunnerSupervisor):
    """A supervisor whose new triggers are given to it, by id and class."""

    def __init__(self):
        """Airflow's has a process, which is not needed."""

    built: ClassVar[list[set[int]]] = []
    classes: ClassVar[dict[int, str]] = {}


@pytest.fixture
def supervisor(monkeypatch):
    """One that notes what it was asked to build."""

    def build(self, ids):
        self.built.append(ids)
        return [RunTrigger.model_construct(id=id_, classpath=self.classes[id_], ti=None) for id_ in sorted(ids)]

    monkeypatch.setattr(TriggerRunnerSupervisor, "build_trigger_workloads", build)
    monkeypatch.setattr(Workloads, "built", [])
    monkeypatch.setattr(
        Workloads, "classes", {1: "pao_airflow.trigger.ActionTrigger", 2: "airflow.providers.http.Trigger"}
    )
    return Workloads()


def ids_of(workloads):
    return [workload.id for workload in workloads]


def test_triggers_of_workers_tasks_rest_before_they_begin(supervisor, monkeypatch):
    """Ours begin at once. What rests is built once, and forgotten where it is no longer wanted."""
    now = [100.0]
    monkeypatch.setattr(trigger_workloads.time, "monotonic", lambda: now[0])

    first = ids_of(supervisor.build_trigger_workloads({1, 2}))
    now[0] += trigger_workloads.REST / 2
    second = ids_of(supervisor.build_trigger_workloads({2}))
    now[0] += trigger_workloads.REST
    third = ids_of(supervisor.build_trigger_workloads({2}))

    assert ([1], [], [2]) == (first, second, third)
    assert [{1, 2}] == supervisor.built


def test_what_starts_here_meanwhile_makes_none_rest_anew(supervisor, monkeypatch):
    """Where one action a second is followed by another, the triggers of workers' tasks begin all the same."""
    now = [100.0]
    monkeypatch.setattr(trigger_workloads.time, "monotonic", lambda: now[0])

    supervisor.build_trigger_workloads({2})
    now[0] += trigger_workloads.REST / 2
    started = ids_of(supervisor.build_beside({1}))
    now[0] += trigger_workloads.REST / 2
    due = ids_of(supervisor.build_trigger_workloads({2}))

    assert ([1], [2], [{2}, {1}]) == (started, due, supervisor.built)


def test_what_is_no_longer_wanted_is_forgotten_while_it_rests(supervisor):
    """A person may have stopped its task meanwhile; another triggerer may have taken it."""
    supervisor.build_trigger_workloads({2})
    supervisor.build_trigger_workloads({1})
    supervisor.build_trigger_workloads({2})

    assert [{2}, {1}, {2}] == supervisor.built


def test_an_event_is_dealt_with_by_airflow_first_and_its_task_forgotten(supervisor, monkeypatch):
    """What Airflow drops of it is kept by what comes after; a worker's task has nothing to keep."""
    order = []
    monkeypatch.setattr(trigger_supervisor, "submit", lambda *_: order.append("airflow"))
    monkeypatch.setattr(trigger_supervisor, "keep_late_report", lambda task, event: order.append((task, event)))
    supervisor.tasks[1] = "the task"

    for trigger_id in (1, 1, 2):
        supervisor.on_trigger_event(trigger_id, "event")

    assert ["airflow", ("the task", "event"), "airflow", "airflow"] == order


class Rounds(PaoTriggerRunner):
    """A runner whose first round is woken by its supervisor, and whose second by a trigger that ends."""

    def __init__(self, channel):
        super().__init__(channel)
        self.rounds = []

    async def sync_state_to_supervisor(self, finished_ids):
        """Note who has ended, instead of telling the supervisor."""
        self.rounds.append(finished_ids)
        self.stop = len(self.rounds) == 2
        if not self.stop:
            self.to_create.append(SimpleNamespace(id=7, dag_data=None, dag_run_data={"conf": {}}))


@pytest.mark.timeout(30)
def test_a_round_begins_as_soon_as_there_is_something_to_do(monkeypatch):
    """Airflow's runner would wait for a second; this one would wait for an hour, if nothing woke it."""

    async def creates(runner):
        while runner.to_create:
            task = asyncio.create_task(asyncio.sleep(0))
            details = {"task": task, "is_watcher": False, "name": "a trigger", "events": 1}
            runner.triggers[runner.to_create.popleft().id] = details

    monkeypatch.setattr(trigger_runner, "ROUND_AT_LEAST", 3600.0)
    monkeypatch.setattr(TriggerRunner, "create_triggers", creates)
    channel = SignalChannel()

    async def world():
        runner = Rounds(channel)
        runner.comms_decoder = SimpleNamespace(_reader_task=asyncio.get_running_loop().create_future())
        receiving = asyncio.create_task(channel.receive(board.deliver, runner._woken.set))  # noqa: SLF001 - as it does
        channel.wake()
        await runner.cancel_triggers()
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
        return runner.rounds

    assert [[], [7]] == asyncio.run(world())
    channel.close()


class Ending(Rounds):
    """A runner that notes what it is given and what it tells, from before it is told to end."""

    async def sync_state_to_supervisor(self, finished_ids):
        self.rounds.append(finished_ids)
        self.to_create.append(SimpleNamespace(id=len(self.rounds), dag_data=None, dag_run_data=None))


def ending(monkeypatch, *, reader_ends, stop):
    """What a runner tells and starts from when it is told to end, or its supervisor is gone, while a call is made."""
    created, told = [], []
    monkeypatch.setattr(trigger_runner, "ROUND_AT_LEAST", 3600.0)
    monkeypatch.setattr(trigger_runner, "JUST_BEGUN", 0.0)
    monkeypatch.setattr(trigger_runner, "attempts", SimpleNamespace(end=lambda: told.append("no more attempts")))

    async def creates(runner):
        created.extend(runner.to_create)
        runner.to_create.clear()

    monkeypatch.setattr(TriggerRunner, "create_triggers", creates)
    channel = SignalChannel()

    async def world():
        runner, calls = Ending(channel), CallsAtWork()
        reading = asyncio.get_running_loop().create_future()
        runner.comms_decoder = SimpleNamespace(_reader_task=reading)

        async def action():
            calls.work = asyncio.current_task()
            async with calls.one():
                for _ in range(20):
                    await asyncio.sleep(0)
            told.append("its call ended")
            runner._note_end(7, calls.work)  # noqa: SLF001 - as the end of its task does

        runner.triggers[7] = {"task": asyncio.create_task(action()), "name": "", "events": 1}
        await asyncio.sleep(0)
        if reader_ends:
            reading.set_result(None)
        if stop:
            runner._handle_signal(signal.SIGINT, None)  # noqa: SLF001 - as the signal does
        runner._woken.set()  # noqa: SLF001 - as the end of the channel does
        await runner.cancel_triggers()
        await calls.work
        return runner.rounds

    rounds = asyncio.run(world())
    channel.close()
    return rounds, created, told


@pytest.mark.timeout(30)
def test_a_runner_that_is_told_to_end_tells_what_became_of_its_last_calls(monkeypatch):
    """A call on its way ends first, none begins, and nothing new is started."""
    assert ([[7]], [], ["no more attempts", "its call ended"]) == ending(monkeypatch, reader_ends=False, stop=True)


@pytest.mark.timeout(30)
def test_a_runner_whose_supervisor_is_gone_ends(monkeypatch):
    """It asks nobody who would never answer."""
    rounds, created, _ = ending(monkeypatch, reader_ends=True, stop=False)
    assert ([], []) == (rounds, created)


def test_no_more_triggers_run_than_logs_can_be_open(monkeypatch):
    """A user who may open few files gets fewer triggers, and is told, instead of a supervisor that ends."""
    told = []
    monkeypatch.setattr(triggerer, "log", SimpleNamespace(warning=lambda text, **more: told.append((text, more))))
    # The hard limit can't be raised again.
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (OTHER_FILES + 10, OTHER_FILES + 50))
    monkeypatch.setattr(resource, "setrlimit", lambda _what, limits: told.append(limits))

    assert (40, 50) == (triggerer.capacity_for(40), triggerer.capacity_for(60))
    assert [(OTHER_FILES + 40, OTHER_FILES + 50), (OTHER_FILES + 50, OTHER_FILES + 50)] == told[:2]
    [(text, more)] = told[2:]
    assert {"capacity": 60, "runs": 50} == more
    assert "ulimit -Hn" in text
