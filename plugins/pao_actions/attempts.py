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
from pao_actions.attempt_limit import attempt_limit
from pao_actions.attempt_state import ActionState, AttemptRecord, StateParts
from pao_actions.exceptions import ActionError, OutcomeUnknownError, PermanentError, TemporaryError
from pao_actions.last_attempts import attempts
from pao_actions.outcome import ActionFailure, Kind, Outcome, Status
from pao_actions.retry_policy import RetryPolicy

INTERRUPTED = (
    "the call was begun and its answer is not known, because its host stopped in between; it was not sent again, since "
    "that could do it twice: look at the target, then retry or roll back"
)

STOPPED = "stopped, because the request was cancelled, it was marked failed in Airflow, or its run ran out of time"

UNANSWERED = (
    "whether it did what it was asked is not known, and it was not asked again, since that could do it twice: look at "
    "the target, then retry or roll back"
)


async def perform(
    action: ActionType[Any],
    config: Mapping[str, Any],
    *,
    retry: RetryPlan | None,
    timeout: float | None,  # noqa: ASYNC109 - it limits each attempt, not this call
    context: ActionContext,
) -> Outcome:
    """Run an action, or its undo where `context.undoing`, with as many attempts as it takes.

    `config` has its templates resolved. `retry` is what the item says, or None; `timeout` is in seconds for one
    attempt. Never raises but for cancellation: whatever else happens is in the outcome.
    """
    parts = await StateParts.load(context.state)
    record = parts.record()
    started_at = record.started_at or context.clock.now()
    loop = _AttemptLoop(
        action=action,
        policy=RetryPolicy.of(retry, repeatable=action.repeatable(config)),
        timeout=timeout,
        context=replace(context, state=ActionState(parts)),
        parts=parts,
        record=replace(record, started_at=started_at),
    )
    ending = await loop.run(config)
    return Outcome(
        status=ending.status,
        result=ending.result or _made(action, parts, context),
        error=ending.error,
        attempts=loop.record.attempt,
        started_at=started_at,
        ended_at=context.clock.now(),
    )


async def stop(
    action: ActionType[Any], config: Mapping[str, Any], *, seconds: float, context: ActionContext
) -> Outcome:
    """Stop what an action began outside, after its `perform` was cancelled because a person stopped it.

    `config` has its templates resolved; the type's `cancel` may take so many seconds. The outcome is that of an action
    which failed and may have had an effect. Never raises but for cancellation.
    """
    parts = await StateParts.load(context.state)
    record = parts.record()
    message = STOPPED
    kind: Kind = "permanent"
    try:
        async with asyncio.timeout(seconds):
            await action.cancel(
                action.Config.model_validate(dict(config)),
                replace(context, state=ActionState(parts), attempt=record.attempt),
            )
    except Exception as error:  # noqa: BLE001 - whatever it was, the action is over, and a person must look
        message = f"{STOPPED}; what it began outside may go on, because {_why_not_stopped(error, seconds)}: look at it"
        kind = "outcome_unknown"
    context.log.error("action_failed", attempt=record.attempt, error=message)
    now = context.clock.now()
    attempts = max(record.attempt, 1)
    return Outcome(
        status="failed",
        result=_made(action, parts, context),
        error=ActionFailure(message=message, kind=kind, effect_possible=True, attempts=attempts),
        attempts=attempts,
        started_at=record.started_at or now,
        ended_at=now,
    )


def _made(action: ActionType[Any], parts: StateParts, context: ActionContext) -> ActionResult | None:
    """What an action that left no result has made nonetheless, as far as it stored that."""
    try:
        return action.made(parts.read("action"))
    except Exception as error:  # noqa: BLE001 - a type's mistake must not cost the outcome
        details = "".join(traceback.format_exception(error))
    context.log.error("unexpected_error", traceback=details)
    return None


def _why_not_stopped(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"stopping it took more than {seconds:g} seconds"
    if isinstance(error, ActionError):
        return str(error)
    return f"stopping it failed ({type(error).__name__})"


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
    parts: StateParts
    record: AttemptRecord

    async def run(self, config: Mapping[str, Any]) -> _Ending:
        if self.record.sent and not self._resumable():
            return self._unknown(INTERRUPTED)
        try:
            parsed = self.action.Config.model_validate(dict(config))
        except ValidationError as error:
            return self._failed(_config_message(error), effect_possible=False)
        if self.record.sent or self.record.at_work:
            # The attempt that was interrupted goes on; it is no new one.
            self.record = replace(self.record, attempt=self.record.attempt - 1, sent=False, at_work=False)
        ending: _Ending | None = None
        while ending is None:
            await self._wait()
            await attempts.turn()
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
        if not self.policy.retries(error, self.record.attempt, resumable=self._resumable()):
            unknown = error.arrived and not error.answered and not self.policy.safe
            ending = self._unknown(f"{error}; {UNANSWERED}") if unknown else self._gave_up(error)
            return replace(ending, result=error.result)
        await self._schedule(error)
        return None

    def _end(self, error: ActionError) -> _Ending:
        match error:
            case OutcomeUnknownError():
                ending = self._unknown(str(error))
            case PermanentError():
                ending = self._failed(str(error), effect_possible=error.effect_possible)
            case _:
                ending = self._failed(str(error), effect_possible=True)
        return replace(ending, result=error.result)

    def _resumable(self) -> bool:
        """Whether another attempt goes on with what an earlier one began."""
        return self.action.resumes(self.parts.read("action"))

    async def _begin(self) -> None:
        waited = self.record.next_at is not None
        self.record = replace(self.record, attempt=self.record.attempt + 1, next_at=None)
        self.context.log.info("attempt_started", attempt=self.record.attempt)
        if not self.policy.safe:
            await self.parts.keep(replace(self.record, sent=True))
        elif waited:
            # Whoever looks must not read for the whole attempt that it is still to come.
            await self.parts.keep(replace(self.record, at_work=True))

    async def _attempt(self, config: BaseModel) -> ActionResult:
        context = replace(self.context, attempt=self.record.attempt)
        call = self.action.undo if context.undoing else self.action.run
        try:
            async with attempt_limit(self.timeout) as limit:
                return await call(config, replace(context, overdue=limit.expired))
        except TimeoutError as error:
            if not limit.expired():
                raise
            message = f"the attempt did not end within {self.timeout:g} seconds; raise 'timeout' if that is too short"
            raise TemporaryError(message, arrived=True, answered=False) from error

    async def _schedule(self, error: TemporaryError) -> None:
        """Store when the next attempt is due, before waiting for it: a restart must not count or wait anew."""
        seconds = self.policy.delay(self.record.attempt, error.retry_after, self.context.clock.random())
        self.record = replace(self.record, next_at=self.context.clock.now() + timedelta(seconds=seconds))
        await self.parts.keep(self.record)
        self.context.log.warning(
            "attempt_failed", attempt=self.record.attempt, error=str(error), retry_in_seconds=round(seconds, 3)
        )

    async def _wait(self) -> None:
        due: datetime | None = self.record.next_at
        if due is not None and (seconds := (due - self.context.clock.now()).total_seconds()) > 0:
            await self.context.clock.sleep(seconds)

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
