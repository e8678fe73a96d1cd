"""In a process that is about to end no attempt begins."""

from __future__ import annotations

import asyncio

import pytest
from pao_actions import attempts as attempt_loop
from pao_actions.attempts import perform
from pao_actions.last_attempts import Attempts
from pao_actions.rest_api import RestApi
from pao_actions.testing import MemoryState, make_context

from tests.pao_actions.conftest import Answer


@pytest.mark.parametrize("over", [True, False])
def test_an_attempt_that_may_not_begin_leaves_no_mark(target, monkeypatch, over):
    """Whoever goes on with the action takes it for one that was not sent, and sends it."""
    attempts = Attempts()
    monkeypatch.setattr(attempt_loop, "attempts", attempts)
    target.answers = [Answer(201, b"{}")]
    state = MemoryState()
    if over:
        attempts.end()

    async def host():
        work = asyncio.ensure_future(
            perform(
                RestApi(), {"method": "POST", "url": target.url}, retry=None, timeout=None,
                context=make_context(state=state),
            )
        )  # fmt: skip
        done, _ = await asyncio.wait({work}, timeout=0.05 if over else None)
        work.cancel()
        return bool(done)

    assert over != asyncio.run(host())
    assert over == (not state.saves)
