"""What the webhook of a workflow answers, and what that means for whoever wrote the item."""

from __future__ import annotations

from http import HTTPStatus

from catalog_compiler.actions import ActionContext
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.http_answer import HttpAnswer, excerpt

REMEDIES = {
    "AuthorizationFailed": "its address is not valid; copy the whole URL anew into the connection's password",
    "DirectApiAuthorizationRequired": (
        "it wants its callers signed in; let its trigger be for anyone, and copy its new URL into the connection's "
        "password"
    ),
    "InvalidApiVersionParameter": "its address is cut off; copy the whole URL anew into the connection's password",
    "MissingApiVersionParameter": "its address is cut off; copy the whole URL anew into the connection's password",
    "RequestEntityTooLarge": "the message is too large; shorten values with the filter 'truncate'",
    "TriggerInputSchemaMismatch": (
        "it expects another document; make it of Teams' own template for webhook requests that post to a channel"
    ),
    "WorkflowNotFound": "it was removed; make a new one, and copy its URL into the connection's password",
    "WorkflowTriggerIsNotEnabled": "it is switched off; turn it on in Power Automate",
    "WorkflowTriggerNotFound": "its trigger was changed; copy its URL anew into the connection's password",
}
"""Error code of Power Automate to what is wrong and what to do."""

_BY_STATUS = {401: "AuthorizationFailed", 404: "WorkflowNotFound", 413: "RequestEntityTooLarge"}
_CONNECTOR_FAILED = "webhook message delivery failed"
"""What connectors, the way before workflows, say in an answer of 200 to a message that they did not deliver."""


def judge(answer: HttpAnswer, context: ActionContext) -> str | None:
    """The id of the workflow's run, where the answer tells it.

    Raises:
        TemporaryError: where the message was not taken for now.
        PermanentError: where it was refused.
    """
    text = excerpt(answer)
    if text.lower().startswith(_CONNECTOR_FAILED):
        if "429" in text:
            pause = answer.wished_pause(context.clock.now())
            raise TemporaryError(f"Teams takes no more messages for now: {text}", arrived=False, retry_after=pause)
        raise PermanentError(f"Teams refused the message: {text}; give the connection the URL of a workflow instead")
    if answer.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
        run_id: str | None = answer.headers.get("x-ms-workflow-run-id")
        return run_id
    error = answer.json_object().get("error")
    code = str(error["code"]) if isinstance(error, dict) and "code" in error else _BY_STATUS.get(answer.status, "")
    said = text or "(nothing)"
    remedy = REMEDIES.get(code, f"it says: {said}; look at the workflow's runs in Power Automate")
    raise PermanentError(f"the Teams workflow answered {answer.status}{f' {code}' if code else ''}: {remedy}")
