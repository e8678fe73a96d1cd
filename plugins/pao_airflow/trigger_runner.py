"""The runner of `pao triggerer`: the process that actions run in.

It takes a new round as soon as a trigger ends or the supervisor has something for it, where Airflow's waits for a
second; a round looks at what has ended alone, however many wait. Signals that the supervisor hears wake actions here
(`signals.board`).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial
from types import FrameType

from airflow.jobs.triggerer_job_runner import TriggerRunner
from pao_actions.last_attempts import attempts

from pao_airflow.handed_confs import handed
from pao_airflow.last_call import calls_of_process_end
from pao_airflow.signal_channel import SignalChannel
from pao_airflow.signals import board

ROUND_AT_LEAST = 1.0
"""Seconds until the runner takes a round though nothing woke it: the supervisor hears in each that it lives."""
BETWEEN_ROUNDS = 0.005
"""Seconds between two rounds at least."""
AIRFLOWS_TURN = 3600.0
"""Seconds until Airflow's own loop gets a turn, in which it waits for a second."""
LAST_CALLS_SECONDS = 6.0
"""So long calls that are on their way may take to end where the triggerer is told to stop, which may take 10 in all."""
JUST_BEGUN = 0.1
"""Seconds from the beginning of an attempt to its call, or more."""
TELL_EVERY = 60.0
"""Seconds between two lines of log that tell how many triggers there are."""


class PaoTriggerRunner(TriggerRunner):
    """See the module's docstring."""

    def __init__(self, channel: SignalChannel) -> None:
        """Take the channel that the supervisor made."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._channel = channel
        self._woken = asyncio.Event()
        self._tell_at = 0.0
        self._ended: list[int] = []
        """Triggers whose tasks are done, of this round or since."""

    async def arun(self) -> None:
        """Run until told to stop, and deliver signals beside Airflow's own loop."""
        receiving = asyncio.create_task(self._channel.receive(board.deliver, self._woken.set), name="pao-signals")
        # Where the supervisor is gone, nobody else wakes this.
        receiving.add_done_callback(lambda _: self._woken.set())
        try:
            await super().arun()  # type: ignore[no-untyped-call]
        finally:
            receiving.cancel()

    def _handle_signal(self, signum: int, frame: FrameType | None) -> None:
        super()._handle_signal(signum, frame)
        self._woken.set()

    async def create_triggers(self) -> None:
        """Start those that the supervisor gave; what one yields is sent as soon as its task has ended."""
        given = [workload.id for workload in self.to_create]
        for workload in self.to_create:
            if workload.dag_data is None and workload.dag_run_data is not None:
                handed.hand(workload.id, workload.dag_run_data["conf"])
        await super().create_triggers()  # type: ignore[no-untyped-call]
        for trigger_id in given:
            if (details := self.triggers.get(trigger_id)) is not None:
                details["task"].add_done_callback(partial(self._note_end, trigger_id))
            else:
                handed.forget(trigger_id)

    def _note_end(self, trigger_id: int, _task: asyncio.Task[None]) -> None:
        handed.forget(trigger_id)
        self._ended.append(trigger_id)
        self._woken.set()

    async def cleanup_finished_triggers(self) -> list[int]:
        """Do what Airflow's does, but look at those alone that have ended, instead of at all that there are."""
        ended, self._ended = self._ended, []
        finished = [trigger_id for trigger_id in dict.fromkeys(ended) if trigger_id in self.triggers]
        for trigger_id in finished:
            details = self.triggers.pop(trigger_id)
            task = details["task"]
            if task.cancelled():
                continue
            error = task.exception()
            if error is not None:
                self.log.error("trigger failed", name=details["name"], trigger_id=trigger_id, exc_info=error)
            if not details["events"]:
                # What waits for it must fail.
                self.failed_triggers.append((trigger_id, error))
        return finished

    async def cancel_triggers(self) -> None:
        """Do what Airflow's does as the last step of a round of its loop, then take the following rounds here.

        It would wait for a second before each. Now and then it gets its turn, for what it does beside rounds.
        """
        await super().cancel_triggers()  # type: ignore[no-untyped-call]
        until = time.monotonic() + AIRFLOWS_TURN
        while time.monotonic() < until:
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_AT_LEAST):
                    await self._woken.wait()
            self._woken.clear()
            if self.stop:
                attempts.end()
                # One that has just begun comes to its call.
                await asyncio.sleep(JUST_BEGUN)
                await calls_of_process_end(LAST_CALLS_SECONDS)
            if self._is_cut_off():
                # Nobody would answer.
                return
            await self.sync_state_to_supervisor(await self.cleanup_finished_triggers())
            if self.stop:
                return
            await self.create_triggers()
            await super().cancel_triggers()  # type: ignore[no-untyped-call]
            self._tell_how_many()
            # Where one after the other ends, they are taken together.
            await asyncio.sleep(BETWEEN_ROUNDS)

    def _is_cut_off(self) -> bool:
        """Whether its supervisor is gone."""
        reading = self.comms_decoder._reader_task  # noqa: SLF001 - as Airflow's loop asks
        return reading is None or reading.done()

    def _tell_how_many(self) -> None:
        if (now := time.monotonic()) >= self._tell_at:
            self._tell_at = now + TELL_EVERY
            self.log.info("triggers at work", count=len(self.triggers))
