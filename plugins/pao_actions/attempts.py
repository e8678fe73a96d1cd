"""The attempt loop: runs an action until it completes or has finally failed. Both hosts use this one.

It keeps its count in the action's state store, so that a restarted host goes on where the last one was, and it marks
what must not be sent twice before it is sent.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from catalog_compiler.actions import ActionContext, ActionResult, ActionType
from catalog_compiler.plan import RetryPlan
from pao_actions.attempt_state import ActionState, AttemptRecord, StateParts
from pao_actions.clock import SYSTEM_CLOCK, Clock
from pao_actions.exceptions import ActionError, OutcomeUnknownError, PermanentError, TemporaryError
from pao_actions.outcome import ActionFailure, Kind, Outcome, Status
from pao_actions.retry_policy import RetryPolicy

INTERRUPTED = (
    "the call was begun and its answer is not known, because its host stopped in between; it was not sent again, since "
    "that could do it twice: look at the target, then retry or roll back"
)


async def perform(  # noqa: PLR0913 - what a host knows of an action, each by its name
    action: ActionType[Any],
    config: Mapping[str, Any],
    *,
    retry: RetryPlan | None,
    timeout: float | None,  # noqa: ASYNC109 - it limits each attempt, not this call
    context: ActionContext,
    clock: Clock = SYSTEM_CLOCK,
) -> Outcome:
    """Run an action, or its undo where `context.undoing`, with as many attempts as it takes.

    `config` has its templates resolved. `retry` is what the item says, or None; `timeout` is in seconds for one
    attempt. Never raises but for cancellation: whatever else happens is in the outcome.
    """
    parts = await StateParts.load(context.state)
    record = parts.record()
    started_at = record.started_at or clock.now()
    loop = _AttemptLoop(
        action=action,
        policy=RetryPolicy.of(retry, repeatable=action.repeatable(config)),
        timeout=timeout,
        context=replace(context, state=ActionState(parts)),
        clock=clock,
        parts=parts,
        record=replace(record, started_at=started_at),
    )
    ending = await loop.run(config)
    return Outcome(
        status=ending.status,
        result=ending.result,
        error=ending.error,
        attempts=loop.record.attempt,
        started_at=started_at,
        ended_at=clock.now(),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ending:
    status: Status
    result: ActionResult | None = None
    error: ActionFailure | None = None


@dataclass(kw_only=True, slots=True)
class _AttemptLoop:
    action: ActionType[Any]
    policy: RetryPolicy
    timeout: float | None
    context: ActionContext
    clock: Clock
    parts: StateParts
    record: AttemptRecord

    async def run(self, config: Mapping[str, Any]) -> _Ending:
        if self.record.sent:
            return self._unknown(INTERRUPTED)
        try:
            parsed = self.action.Config.model_validate(dict(config))
        except ValidationError as error:
            return self._failed(_config_message(error), effect_possible=False)
        ending: _Ending | None = None
        while ending is None:
            await self._wait()
            await self._begin()
            ending = await self._try(parsed)
        return ending

    async def _try(self, config: BaseModel) -> _Ending | None:
        """One attempt; None means that another one follows."""
        try:
            return _Ending(status="completed", result=await self._attempt(config))
        except TemporaryError as error:
            return await self._try_later(error)
        except ActionError as error:
            return self._end(error)
        except Exception as error:  # noqa: BLE001 - the one place where an action's own mistakes end
            return self._unexpected(error)

    async def _try_later(self, error: TemporaryError) -> _Ending | None:
        self.record = replace(self.record, effect_possible=self.record.effect_possible or error.arrived)
        if not self.policy.retries(error, self.record.attempt):
            return self._gave_up(error)
        await self._schedule(error)
        return None

    def _end(self, error: ActionError) -> _Ending:
        match error:
            case OutcomeUnknownError():
                return self._unknown(str(error))
            case PermanentError():
                return self._failed(str(error), effect_possible=error.effect_possible)
        return self._failed(str(error), effect_possible=True)

    async def _begin(self) -> None:
        self.record = replace(self.record, attempt=self.record.attempt + 1, next_at=None)
        self.context.log.info("attempt_started", attempt=self.record.attempt)
        if not self.policy.safe:
            await self.parts.keep(replace(self.record, sent=True))

    async def _attempt(self, config: BaseModel) -> ActionResult:
        context = replace(self.context, attempt=self.record.attempt)
        call = self.action.undo if context.undoing else self.action.run
        try:
            async with asyncio.timeout(self.timeout) as limit:
                return await call(config, context)
        except TimeoutError as error:
            if not limit.expired():
                raise
            message = f"the attempt did not end within {self.timeout:g} seconds; raise 'timeout' if that is too short"
            raise TemporaryError(message, arrived=True) from error

    async def _schedule(self, error: TemporaryError) -> None:
        """Store when the next attempt is due, before waiting for it: a restart must not count or wait anew."""
        seconds = self.policy.delay(self.record.attempt, error.retry_after, self.clock.random())
        self.record = replace(self.record, next_at=self.clock.now() + timedelta(seconds=seconds))
        await self.parts.keep(self.record)
        self.context.log.warning(
            "attempt_failed", attempt=self.record.attempt, error=str(error), retry_in_seconds=round(seconds, 3)
        )

    async def _wait(self) -> None:
        due: datetime | None = self.record.next_at
        if due is not None and (seconds := (due - self.clock.now()).total_seconds()) > 0:
            await self.clock.sleep(seconds)

    def _gave_up(self, error: TemporaryError) -> _Ending:
        attempt = self.record.attempt
        if attempt <= self.policy.plan.attempts:
            why = "not tried again, because it may have arrived; give the action a 'retry' if it is safe to repeat"
        else:
            why = f"gave up after {attempt} {'try' if attempt == 1 else 'tries'}"
        return self._failed(f"{error}; {why}", effect_possible=error.arrived, kind="temporary")

    def _unexpected(self, error: Exception) -> _Ending:
        self.context.log.error("unexpected_error", traceback="".join(traceback.format_exception(error)))
        message = (
            f"the action stopped on an unexpected {type(error).__name__}; the log has the details under "
            f"correlation id {self.context.correlation_id}"
        )
        return self._failed(message, effect_possible=True)

    def _failed(self, message: str, *, effect_possible: bool, kind: Kind = "permanent") -> _Ending:
        self.context.log.error("action_failed", attempt=self.record.attempt, error=message)
        return _Ending(
            status="failed",
            error=ActionFailure(
                message=message,
                kind=kind,
                effect_possible=effect_possible or self.record.effect_possible,
                attempts=self.record.attempt,
            ),
        )

    def _unknown(self, message: str) -> _Ending:
        self.context.log.error("outcome_unknown", attempt=self.record.attempt, error=message)
        failure = ActionFailure(
            message=message, kind="outcome_unknown", effect_possible=True, attempts=self.record.attempt
        )
        return _Ending(status="outcome_unknown", error=failure)


def _config_message(error: ValidationError) -> str:
    # Only keys and reasons: a value may be secret.
    reasons = "; ".join(f"'{'.'.join(map(str, detail['loc']))}': {detail['msg']}" for detail in error.errors())
    return f"the action's config is not valid once its templates are filled in: {reasons}"
