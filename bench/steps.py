"""One run of three recorded calls: how long it takes, how soon its first call begins, and what each step adds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from bench.contenders import Contender
from bench.measure import Spread, spread
from bench.runs import Ask, one
from bench.stack import MeasuredStack

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """Seconds of one run."""

    whole: float
    """From the submission to the end."""
    first: float
    """From the submission to the first byte of the first call, at the target."""
    added: tuple[float, ...]
    """From the last byte of an answer of the target to the first byte of the next call, of each pair of calls."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepTimes:
    """Of many runs, one at a time."""

    whole: Spread
    first: Spread
    added: Spread

    @classmethod
    def of(cls, runs: Iterable[Steps]) -> StepTimes:
        """The spreads of some runs; raises `ValueError` where there are none."""
        runs = list(runs)
        return cls(
            whole=spread([each.whole for each in runs]),
            first=spread([each.first for each in runs]),
            added=spread([added for each in runs for added in each.added]),
        )


def run_once(stack: MeasuredStack, ask: Ask, contender: Contender) -> Steps:
    """Submit once, and wait for the end; raises `RunFailedError` and `TimeoutError`."""
    text = f"run-{next(_numbers)}"
    way = contender.way(stack, text)
    with way.account.connected() as caller:
        started, whole = one(ask, way, caller)
    calls = stack.recorder.calls("now", text)
    # The recorder's clock is this one too.
    return Steps(
        whole=whole,
        first=calls[0].arrived - started,
        added=tuple(after.arrived - before.answered for before, after in pairwise(calls)),
    )


def run_often(stack: MeasuredStack, ask: Ask, contender: Contender, times: int) -> StepTimes:
    """One after the other; the first, which meets what has yet to be loaded, does not count."""
    run_once(stack, ask, contender)
    return StepTimes.of([run_once(stack, ask, contender) for _ in range(times)])
