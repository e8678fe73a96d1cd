"""What it means that a request got no answer: whether it may have arrived, and whether trying again can help."""

from __future__ import annotations

import ssl

import httpx

from pao_actions.exceptions import ActionError, PermanentError, TemporaryError
from pao_actions.http_answer import SAFE_METHODS
from pao_actions.tls import tls_problem


def failure(  # noqa: PLR0911 - one for each kind
    error: Exception, *, target: str, method: str, seconds: float, sent: bool
) -> ActionError:
    """The action's error for what the HTTP client raised.

    An alert of TLS 1.3 passes the HTTP client as `ssl` has it. `seconds` is the time that the call had; `sent` says
    that some of the request left for the target.
    """
    match error:
        case httpx.TransportError() | ssl.SSLError() if problem := tls_problem(error):
            # A server that refuses a certificate does so before it reads a request.
            return PermanentError(f"{target} can't be called: {problem}")
        case TimeoutError() | httpx.TimeoutException() if sent:
            return TemporaryError(f"{target} gave no answer within {seconds:g} seconds", arrived=True, answered=False)
        case TimeoutError() | httpx.TimeoutException():
            return TemporaryError(f"{target} could not be reached within {seconds:g} seconds", arrived=False)
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return PermanentError(f"{target} can't be called: the request's URL or headers are not valid")
        case httpx.TransportError() | ssl.SSLError() if not sent:
            return TemporaryError(f"{target} could not be reached: {reason(error)}", arrived=False)
        case httpx.TransportError() | ssl.SSLError():
            return TemporaryError(f"{target} broke off the call: {reason(error)}", arrived=True, answered=False)
    effect_possible = sent and method not in SAFE_METHODS
    return PermanentError(
        f"{target} sent an answer that can't be read: {reason(error)}", effect_possible=effect_possible
    )


def reason(error: Exception) -> str:
    """The error's own words on one line."""
    return " ".join(str(error).split()) or type(error).__name__
