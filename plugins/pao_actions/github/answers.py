"""Reads what GitHub answers: its documents, its words about an error, and what to do about that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from catalog_compiler.actions import ActionResult
from pao_actions.exceptions import ActionError, PermanentError, TemporaryError
from pao_actions.http_answer import HttpAnswer, excerpt

_TEMPORARY = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_LONGEST = 500
_ADVICE = {
    400: "correct the action's config",
    401: "the sign-in of connection '{connection}' is not valid or has expired; renew it",
    403: "connection '{connection}' may not do that; it needs to read and write Actions of {repository}",
    404: "check 'repository' and 'workflow_id', and that connection '{connection}' may read and write Actions there",
    410: "GitHub Actions may be switched off there",
    422: "correct 'ref', 'inputs' or 'workflow_id', or the workflow's 'workflow_dispatch' trigger",
}

ModelT = TypeVar("ModelT", bound=BaseModel)


def document(answer: HttpAnswer, model: type[ModelT], what: str) -> ModelT:
    """The answer's body as a model.

    Raises:
        PermanentError: if it is something else, or longer than what is read.
    """
    if not answer.complete:
        raise PermanentError(
            f"{answer.target} answered {answer.status} with more than {len(answer.body)} bytes, too much for {what}",
            effect_possible=answer.effect_possible,
        )
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        raise PermanentError(
            f"{answer.target} answered {answer.status}, but not with {what}; "
            f"it begins: {excerpt(answer) or '(nothing)'}",
            effect_possible=answer.effect_possible,
        ) from error


def words(answer: HttpAnswer) -> str:
    """What GitHub says of an error: its message and details in a line; the start of the body where it says it else."""
    try:
        body: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return excerpt(answer)
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return excerpt(answer)
    text = " ".join("; ".join([body["message"], *_details(body.get("errors"))]).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _details(errors: Any) -> Iterator[str]:
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, str):
            yield error
        elif isinstance(error, dict):
            yield str(error.get("message") or " ".join(str(error[key]) for key in ("field", "code") if key in error))


def refusal(
    answer: HttpAnswer, failed: str, *, connection: str, repository: object, result: ActionResult | None = None
) -> ActionError:
    """The error for an answer that means no success. `failed` begins the message: what was wanted and did not come."""
    if 300 <= answer.status <= 399:  # noqa: PLR2004
        return PermanentError(
            f"{failed}: GitHub answered {answer.status}, since {repository} was renamed or moved; write its present "
            "name into 'repository'",
            result=result,
        )
    message = f"{failed}: GitHub answered {answer.status}"
    if said := words(answer):
        message = f"{message}: {said}"
    if answer.status in _TEMPORARY or answer.status >= _SERVER_ERROR:
        wish = answer.wished_pause(server_time(answer) or datetime.now(UTC))
        return TemporaryError(message, arrived=True, retry_after=wish, result=result)
    if advice := _ADVICE.get(answer.status):
        message = f"{message}; {advice.format(connection=connection, repository=repository)}"
    return PermanentError(message, effect_possible=answer.status < 300 and answer.effect_possible, result=result)  # noqa: PLR2004


def server_time(answer: HttpAnswer) -> datetime | None:
    """GitHub's own time, by the answer's `Date`; None where it has none."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
