"""`poll` of a `rest-api` action: follows work that goes on after the answer, until it is done or has failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from catalog_compiler.actions import ActionContext, ActionResult
from pao_actions.answer_condition import AnswerCondition, Conditions, as_list, values_at
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.header_text import HeaderText
from pao_actions.http_answer import HttpAnswer, excerpt, require_success
from pao_actions.retry_policy import LONGEST_WISH


class Poll(BaseModel):
    """How work that goes on after the answer is followed. It is looked at at once, and then each `interval`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, Field(min_length=1)] | None = None
    """What is looked at; `{$.id}` stands for what the JSONPath finds in the first answer, `{Name}` for its header.

    By default the first answer's `Operation-Location` or `Location`.
    """
    method: Literal["GET", "HEAD", "POST"] = "GET"
    """The HTTP method of a look."""
    headers: dict[str, HeaderText] = {}
    """Headers of a look; by default those of the call, without the ones of its body."""
    interval: Annotated[float, Field(ge=1, le=3600)] = 10.0
    """Seconds between two looks; a longer `Retry-After` of the target is heeded."""
    timeout: Annotated[float, Field(gt=0, le=604_800)] = 3600.0
    """Seconds from the first answer after which the action fails."""
    until: Conditions
    """What must hold of an answer for the work to be done; of a list, one."""
    failed_when: Conditions | None = None
    """What tells that the work has failed; of a list, one."""

    def statuses(self) -> frozenset[int]:
        """The status codes that say something of the work, also where they are redirects."""
        conditions = [*as_list(self.until), *as_list(self.failed_when)]
        return frozenset(code for condition in conditions for code in condition.status_codes or ())


@dataclass(kw_only=True, slots=True)
class Watch:
    """Looks until the work ends. `look` sends one look; `result` tells what there is after an answer."""

    poll: Poll
    since: datetime
    look: Callable[[], Awaitable[HttpAnswer]]
    result: Callable[[HttpAnswer | None], ActionResult]
    context: ActionContext
    last: HttpAnswer | None = None
    _seen: object = field(default=None)

    async def until_done(self) -> HttpAnswer:
        """The answer by which the work is done.

        Raises:
            PermanentError: if it failed, can't be looked at, or took too long; with what there is as its result.
        """
        deadline = self.since + timedelta(seconds=self.poll.timeout)
        while True:
            seconds = await self._look()
            if seconds is None and self.last is not None:
                return self.last
            left = (deadline - self.context.clock.now()).total_seconds()
            if left <= 0:
                raise self._failed(self._too_long())
            await self.context.progress.waiting()
            await self.context.clock.sleep(min(max(self.poll.interval, seconds or 0.0), left))

    async def _look(self) -> float | None:
        """One look: None where the work is done, otherwise the seconds that the target wishes for."""
        try:
            answer = await self.look()
        except TemporaryError as error:
            self._tell({"problem": str(error)}, worse=True)
            return min(error.retry_after or 0.0, LONGEST_WISH)
        except PermanentError as error:
            raise self._failed(str(error)) from error
        if met := _met(self.poll.failed_when, answer):
            self.last = answer
            raise self._failed(f"{answer.target} says that the work failed: {_shown(met, answer)}")
        if _met(self.poll.until, answer):
            self.last = answer
            self._tell_answer(answer)
            return None
        try:
            require_success(answer, None, self.context.clock.now())
        except TemporaryError as error:
            self._tell({"problem": str(error)}, worse=True)
            return min(error.retry_after or 0.0, LONGEST_WISH)
        except PermanentError as error:
            self.last = answer
            raise self._failed(str(error)) from error
        self.last = answer
        self._tell_answer(answer)
        wish = answer.wished_pause(self.context.clock.now())
        return min(wish or 0.0, LONGEST_WISH)

    def _tell_answer(self, answer: HttpAnswer) -> None:
        paths = [condition.path for condition in _all(self.poll) if condition.path]
        found = {path: _one(path, answer) for path in dict.fromkeys(paths)}
        self._tell({"status": answer.status, "found": found}, worse=False)

    def _tell(self, seen: Mapping[str, JsonValue], *, worse: bool) -> None:
        """A line in the log where something changed; a look that sees the same tells nothing."""
        if seen != self._seen:
            self._seen = seen
            log = self.context.log
            (log.warning if worse else log.info)("poll_changed", **seen)

    def _too_long(self) -> str:
        target = self.last.target if self.last else "what goes on"
        wanted = " or ".join(condition.told() for condition in as_list(self.poll.until))
        seen = f"; the last answer was {self.last.status}: {excerpt(self.last) or '(nothing)'}" if self.last else ""
        return (
            f"{target} was not done within {self.poll.timeout:g} seconds by {wanted}{seen}; look at the target, or "
            "raise 'timeout' in 'poll'"
        )

    def _failed(self, message: str) -> PermanentError:
        return PermanentError(message, effect_possible=True, result=self.result(self.last))


def _met(conditions: Conditions | None, answer: HttpAnswer) -> AnswerCondition | None:
    return next((condition for condition in as_list(conditions) if condition.holds(answer)), None)


def _all(poll: Poll) -> Sequence[AnswerCondition]:
    return [*as_list(poll.until), *as_list(poll.failed_when)]


def _one(path: str, answer: HttpAnswer) -> JsonValue:
    """What a path finds, short enough for a line of a log; secrets are masked before it is cut."""
    values = values_at(path, answer)
    value = values[0] if len(values) == 1 else values
    text = answer.mask(str(value))
    return value if len(text) <= 200 else f"{text[:199]}…"  # noqa: PLR2004 - as long as an excerpt


def _shown(condition: AnswerCondition, answer: HttpAnswer) -> str:
    if condition.path is None:
        return f"it answered {answer.status}: {excerpt(answer) or '(nothing)'}"
    found = _one(condition.path, answer)
    return f"{condition.path} is {found!r}: {excerpt(answer)}"
