"""What can be wrong with a `rest-api` action beyond its call: mapping, authentication, `poll` and `cancel`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog_compiler.actions import ConfigFacts, ConfigProblem
from pao_actions.answer_condition import condition_problems
from pao_actions.answer_places import place_problems
from pao_actions.authentication import authentication_problems
from pao_actions.http_checks import header_problems, url_problems
from pao_actions.response_mapping import path_problem

_STATUS_CODE = "status_code"


def rest_api_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    """All of them; what the config's model and the call's own checks report is not repeated here."""
    yield from _method_problems(config)
    yield from _mapping_problems(config)
    yield from authentication_problems(config)
    authentication = config.get("authentication")
    if isinstance(authentication, Mapping):
        token_url = (authentication.get("config") or {}).get("token_url")
        yield from url_problems(token_url, ("authentication", "config", "token_url"), facts, relative=False)
    for key in ("poll", "cancel"):
        yield from _follow_up_problems(config, key, facts)
    yield from _poll_problems(config.get("poll"))
    if config.get("cancel") is not None and config.get("poll") is None:
        yield ConfigProblem(
            path=("cancel",),
            message="'cancel' has no effect without 'poll': once the call is answered, nothing is left to stop",
            hint="add 'poll', or take 'cancel' out",
        )


def _method_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    given = next((key for key in ("body", "body_template") if config.get(key) is not None), None)
    if given and "method" not in config:
        yield ConfigProblem(path=(given,), message="a body needs a 'method'", hint="for example 'method: POST'")
    if config.get("method") == "HEAD" and config.get("response_mapping") and config.get("poll") is None:
        yield ConfigProblem(
            path=("response_mapping",),
            message="a HEAD is answered without a body, so a mapping finds nothing",
            hint="write 'method: GET', or take the mapping out",
        )


def _mapping_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    mapping = config.get("response_mapping")
    for output, path in mapping.items() if isinstance(mapping, Mapping) else ():
        if output == _STATUS_CODE:
            yield ConfigProblem(
                path=("response_mapping", output),
                message=f"'{_STATUS_CODE}' is always an output",
                hint="give this output another name",
            )
        if isinstance(path, str) and (problem := path_problem(path)):
            hint = "a path starts at the answer's root, as in $.id or $.items[0].name"
            yield ConfigProblem(path=("response_mapping", output), message=problem, hint=hint)
    for position, output in enumerate(config.get("sensitive_outputs") or ()):
        if output not in (mapping or {}):
            yield ConfigProblem(
                path=("sensitive_outputs", position),
                message=f"'{output}' is not an output of 'response_mapping', so nothing would be kept secret",
                hint="write the output's name as it stands there",
            )


def _follow_up_problems(config: Mapping[str, Any], key: str, facts: ConfigFacts) -> Iterator[ConfigProblem]:
    call = config.get(key)
    if isinstance(call, Mapping):
        yield from url_problems(call.get("url"), (key, "url"), facts, relative=True)
        yield from place_problems(call.get("url"), (key, "url"))
        yield from header_problems(call.get("headers"), (key, "headers"))


def _poll_problems(poll: object) -> Iterator[ConfigProblem]:
    if not isinstance(poll, Mapping):
        return
    for key in ("until", "failed_when"):
        yield from condition_problems(poll.get(key), ("poll", key))
    interval, limit = poll.get("interval", 10), poll.get("timeout", 3600)
    numbers = isinstance(interval, int | float) and isinstance(limit, int | float)
    if numbers and interval > limit:
        yield ConfigProblem(
            path=("poll", "interval") if "interval" in poll else ("poll", "timeout"),
            message=f"the interval of {interval:g} seconds is longer than the timeout of {limit:g}",
            hint="shorten 'interval' or raise 'timeout'",
        )
    if poll.get("method") == "HEAD":
        yield from _paths_of_head(poll)


def _paths_of_head(poll: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    for key in ("until", "failed_when"):
        conditions = poll.get(key)
        for condition in conditions if isinstance(conditions, list) else [conditions]:
            if isinstance(condition, Mapping) and condition.get("path") is not None:
                yield ConfigProblem(
                    path=("poll", "method"),
                    message=f"a HEAD is answered without a body, so the path in '{key}' finds nothing",
                    hint="write 'method: GET', or judge by 'status_codes'",
                )
