"""The four ways that make the same three calls of the recorder, each on the triggerer that it is measured with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pao_local.processes import Supervisor

from bench.runs import Ask
from bench.stack import MeasuredStack
from bench.ways import HANDWRITTEN_STEPS, HANDWRITTEN_WORKERS, STEPS, Handwritten, Ordered, Way

OURS, STOCK = "pao", "airflow"
"""The commands whose `triggerer` runs."""
READY_TIMEOUT = 120.0
"""Seconds until a triggerer that was started counts as lost."""
LOOK_EVERY = 0.2
REPORTED = """
SELECT count(*) FROM job
WHERE job_type = 'TriggererJob' AND state = 'running' AND start_date > %s AND latest_heartbeat > start_date
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """One way, named as in the report."""

    name: str
    triggerer: str
    way: Callable[[MeasuredStack, str], Way]
    """Makes it, with the text by which the recorder knows its calls."""


ITEM = Contender(name="item", triggerer=OURS, way=lambda stack, text: Ordered(stack.developer, STEPS, text))
ON_WORKERS = Contender(
    name="DAG on workers",
    triggerer=OURS,
    way=lambda stack, text: Handwritten(stack.admin, HANDWRITTEN_WORKERS, text),
)
ITEM_ON_STOCK = Contender(name="item, stock triggerer", triggerer=STOCK, way=ITEM.way)
DEFERRABLE = Contender(
    name="deferrable DAG",
    triggerer=STOCK,
    way=lambda stack, text: Handwritten(stack.admin, HANDWRITTEN_STEPS, text),
)
CONTENDERS = (ITEM, ON_WORKERS, ITEM_ON_STOCK, DEFERRABLE)
HANDWRITTEN = (ON_WORKERS.name, DEFERRABLE.name)
"""What there is without us."""


class Turns:
    """Lets one triggerer of a stack run at a time."""

    def __init__(self, stack: MeasuredStack, ask: Ask) -> None:
        """Take the stack as it was started: with ours alone."""
        self._ask = ask
        self._supervisor = Supervisor(stack.settings)
        self._programs = {command: name for name, command in stack.settings.daemons.named_triggerers()}
        self._running = OURS

    def take(self, triggerer: str) -> None:
        """Have that triggerer at work from now on; raises `TimeoutError` where it does not report to the database."""
        if triggerer == self._running:
            return
        self._supervisor.stop_program(self._programs[self._running])
        ((since,),) = self._ask("SELECT now()")
        self._supervisor.start_program(self._programs[triggerer])
        self._running = triggerer
        deadline = time.monotonic() + READY_TIMEOUT
        while self._ask(REPORTED, since) == [(0,)]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"`{triggerer} triggerer` did not report within {READY_TIMEOUT:.0f} s")
            time.sleep(LOOK_EVERY)
