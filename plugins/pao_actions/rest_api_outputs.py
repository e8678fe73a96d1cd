"""The outputs of a `rest-api` action: what its mapping takes from an answer, and which of it is secret."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from catalog_compiler.actions import ActionResult
from pao_actions.exceptions import PermanentError
from pao_actions.http_answer import HttpAnswer, excerpt
from pao_actions.response_mapping import MappingError, extracted, found
from pao_actions.rest_api_config import RestApiConfig
from pao_actions.secret_names import looks_secret

STATUS_CODE = "status_code"
"""The output that there always is."""

_URL = "url"


async def result(config: RestApiConfig, answer: HttpAnswer, earlier: Mapping[str, JsonValue]) -> ActionResult:
    """The outputs of an answer; what its mapping does not find there may be among `earlier` ones.

    Raises:
        PermanentError: if an output is in neither.
    """
    return _with_outputs(config, {**await _mapped(config, answer, earlier), STATUS_CODE: answer.status})


def found_so_far(config: RestApiConfig, answer: HttpAnswer | None, earlier: Mapping[str, JsonValue]) -> ActionResult:
    """What there is of an action that failed."""
    if answer is None:
        return _with_outputs(config, dict(earlier))
    outputs = found(config.response_mapping, answer.body)
    return _with_outputs(config, {**earlier, **outputs, STATUS_CODE: answer.status})


def _with_outputs(config: RestApiConfig, outputs: dict[str, JsonValue]) -> ActionResult:
    sensitive = sensitive_outputs(config, outputs)
    url = outputs.get(_URL)
    link = isinstance(url, str) and _URL not in sensitive and url.startswith(("https://", "http://"))
    return ActionResult(outputs=outputs, sensitive=sensitive, url=str(url) if link else None)


def sensitive_outputs(config: RestApiConfig, outputs: Mapping[str, JsonValue]) -> frozenset[str]:
    """Those that are listed as such, or whose name says so."""
    listed = set(config.sensitive_outputs)
    return frozenset(name for name in outputs if name in listed or looks_secret(name))


async def _mapped(config: RestApiConfig, answer: HttpAnswer, earlier: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    if config.response_mapping and not answer.complete:
        message = f"{answer.target} answered {answer.status} with more than {len(answer.body)} bytes; ask it for less"
        raise PermanentError(message, effect_possible=answer.effect_possible)
    try:
        return await extracted(config.response_mapping, answer.body, earlier)
    except MappingError as error:
        message = f"{answer.target} answered {answer.status}, but {error}; it begins: {excerpt(answer) or '(nothing)'}"
        result = found_so_far(config, answer, earlier)
        raise PermanentError(message, effect_possible=answer.effect_possible, result=result) from error
