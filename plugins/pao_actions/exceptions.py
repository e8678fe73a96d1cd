"""How an action fails. The type says what the attempt loop does next; the message goes to the requester."""

from __future__ import annotations

from catalog_compiler.actions import ActionResult


class ActionError(Exception):
    """An attempt failed; the message names the target, what it answered and what to do.

    `result` holds what there is nonetheless: the key and link of a ticket that was made, for those who look and for
    the action's own undo.
    """

    def __init__(self, message: str, *, result: ActionResult | None = None) -> None:
        super().__init__(message)
        self.result = result


class PermanentError(ActionError):
    """Trying again cannot help: fails at once.

    `effect_possible` is True where the target may have acted nonetheless, so that a rollback undoes this action too.
    """

    def __init__(self, message: str, *, effect_possible: bool = False, result: ActionResult | None = None) -> None:
        super().__init__(message, result=result)
        self.effect_possible = effect_possible


class TemporaryError(ActionError):
    """May go well later.

    `retry_after` is the target's own wish in seconds; `arrived` tells whether it may have acted. `answered` is False
    where the target may have acted and said nothing: the outcome of a call that can't be repeated is unknown then.
    """

    def __init__(
        self,
        message: str,
        *,
        arrived: bool,
        answered: bool = True,
        retry_after: float | None = None,
        result: ActionResult | None = None,
    ) -> None:
        super().__init__(message, result=result)
        self.arrived = arrived
        self.answered = answered
        self.retry_after = retry_after


class OutcomeUnknownError(ActionError):
    """The effect may or may not have happened, and the target can't tell which; look there before retrying."""
