"""The `rest-api` action: one HTTP call, with outputs taken from its JSON answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import BaseModel, JsonValue

from catalog_compiler.actions import ActionContext, ActionResult, ConfigFacts, ConfigProblem, Connection
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from pao_actions.answer_places import fill_in, places_in
from pao_actions.connection_options import connection_options, warn_of_ignored_options
from pao_actions.exceptions import PermanentError
from pao_actions.follow_up import STOPPED, Begun, FollowUp, without_secrets
from pao_actions.http_action import HttpAction, request_headers
from pao_actions.http_answer import HttpAnswer, require_success
from pao_actions.http_call import HttpCall, find_connection
from pao_actions.http_connection import require_host
from pao_actions.polling import Poll, Watch
from pao_actions.response_mapping import found
from pao_actions.rest_api_checks import rest_api_problems
from pao_actions.rest_api_config import QueryValue, RestApiConfig
from pao_actions.rest_api_notes import NOTES
from pao_actions.rest_api_outputs import STATUS_CODE, found_so_far, result, sensitive_outputs
from pao_actions.signed_calls import SignedCalls

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_GONE = frozenset({404, 410})


class RestApi(HttpAction[RestApiConfig]):
    """Calls a REST API."""

    name: ClassVar[str] = "rest-api"
    summary: ClassVar[str] = "Calls a REST API and takes outputs from its JSON answer."
    Config: ClassVar[type[BaseModel]] = RestApiConfig
    example: ClassVar[str] = """\
method: POST
url: https://api.example.com/v1/things
headers:
  Content-Type: application/json
  # The value is the Airflow Variable PAO_API_TOKEN, through Airflow's secrets backend.
  Authorization: "Bearer {{env.API_TOKEN}}"
body_template: |
  {
    "name": "{{fields.name}}",
    "environment": "{{fields.environment}}",
    "requester": "{{request.user.email}}"
  }
success_codes: [200, 201]
# Outputs for the requester and for later actions: name to JSONPath.
response_mapping:
  id: "$.id"
"""
    outputs_help: ClassVar[Mapping[str, str]] = {
        "status_code": "The answer's HTTP status.",
        "<name>": "What `response_mapping` took from the answer under this name.",
    }
    notes: ClassVar[str] = NOTES

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:
        """As every call; addresses and headers of other calls, and credentials, which are lines, too."""
        match path:
            case ("poll" | "cancel", "url") | ("authentication", "config", "token_url"):
                return Encoding.URL
            case ("poll" | "cancel", "headers", *_) | ("authentication", "config", _):
                return Encoding.LINE
        return super().encoding(path, config)

    @classmethod
    def literal(cls, path: Path) -> bool:
        """Also what decides what is read from an answer, or how a call signs in: no value may choose that."""
        match path:
            case ("response_mapping" | "sensitive_outputs", *_) | ("authentication", "type"):
                return True
            case ("authentication", "config", "auth_style") | ("poll" | "cancel", "method"):
                return True
            case ("poll", "until" | "failed_when", *_, "path"):
                return True
        return super().literal(path)

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:
        """Problems of the call, of the mapping and of what follows."""
        yield from super().check(config, facts)
        yield from rest_api_problems(config, facts)

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:
        """The names of the mapping, and the status code."""
        mapping = config.get("response_mapping")
        return frozenset(map(str, mapping if isinstance(mapping, Mapping) else ())) | {STATUS_CODE}

    @classmethod
    def repeatable(cls, config: Mapping[str, Any]) -> bool:
        """HTTP's own rule: all methods but POST and PATCH."""
        return config.get("method", "GET") in _REPEATABLE

    @classmethod
    def resumes(cls, state: Mapping[str, JsonValue]) -> bool:
        """Where the call was answered, and what goes on is only looked at."""
        return "begun" in state

    async def run(self, config: RestApiConfig, context: ActionContext) -> ActionResult:
        """Call once, and follow what goes on."""
        return await self._called(config, context, gone=frozenset())

    async def undo(self, config: RestApiConfig, context: ActionContext) -> ActionResult:
        """Call once; what a DELETE finds gone already counts as undone."""
        return await self._called(config, context, gone=_GONE if config.method == "DELETE" else frozenset())

    @classmethod
    def made(cls, state: Mapping[str, JsonValue]) -> ActionResult | None:
        """What the first answer held, but for its secrets."""
        outputs = Begun.stored_outputs(state)
        return ActionResult(outputs=outputs) if outputs else None

    async def cancel(self, config: RestApiConfig, context: ActionContext) -> None:
        """Send the `cancel` call, by the answer of the action's own.

        Raises:
            PermanentError: if there is nothing to stop it by.
        """
        if config.poll is None:
            return
        begun = Begun.stored(await context.state.load(), context.vault)
        if begun is None:
            raise PermanentError("its call was not answered yet, so there is nothing to stop it by")
        if config.cancel is None:
            raise PermanentError("its config has no 'cancel' call that would stop it")
        answer = await (await self._follow_up(config, context)).stop(begun, config.cancel)
        if answer.status not in STOPPED:
            require_success(answer, None, context.clock.now())
        context.log.info("cancel_sent", status=answer.status)

    async def call(self, config: RestApiConfig, context: ActionContext) -> HttpCall:
        """The request, with the connection looked up."""
        connection = await _connection(config, context)
        return HttpCall(
            method=config.method,
            url=config.url,
            timeout=_timeout(config, connection),
            headers=request_headers(config),
            query=_json(config.query),
            body=config.payload(),
            connection=connection,
        )

    async def send(
        self, config: RestApiConfig, call: HttpCall, context: ActionContext, accepted: frozenset[int]
    ) -> HttpAnswer:
        """Send it signed in."""
        calls = SignedCalls(connection=call.connection, authentication=config.authentication, context=context)
        return await calls.send(call, accepted=accepted)

    async def _called(self, config: RestApiConfig, context: ActionContext, gone: frozenset[int]) -> ActionResult:
        poll = config.poll
        begun = Begun.stored(await context.state.load(), context.vault) if poll else None
        if poll is None or begun is None:
            answer = await self.answer(config, context, also_accepted=gone)
            if answer.status in gone:
                return ActionResult(outputs={STATUS_CODE: answer.status})
            if poll is None:
                return await result(config, answer, {})
            begun = _begun(config, poll, answer, context)
            await context.state.save(begun.state(context.vault))
            context.log.info("poll_begun", status=answer.status)
        return await self._followed(config, poll, begun, context)

    async def _followed(self, config: RestApiConfig, poll: Poll, begun: Begun, context: ActionContext) -> ActionResult:
        follow_up = await self._follow_up(config, context)
        watch = Watch(
            poll=poll,
            since=begun.since,
            look=lambda: follow_up.look(begun, poll),
            result=lambda last: found_so_far(config, last, begun.outputs),
            context=context,
        )
        last = await watch.until_done()
        return await result(config, replace(last, acted=True), begun.outputs)

    async def _follow_up(self, config: RestApiConfig, context: ActionContext) -> FollowUp:
        connection = await _connection(config, context)
        return FollowUp(
            calls=SignedCalls(connection=connection, authentication=config.authentication, context=context),
            url=config.url,
            headers=config.headers,
            timeout=_timeout(config, connection),
        )


async def _connection(config: RestApiConfig, context: ActionContext) -> Connection | None:
    if config.connection is None:
        return None
    connection = await find_connection(config.connection, context)
    require_host(connection)
    warn_of_ignored_options(connection, context.log)
    return connection


def _timeout(config: RestApiConfig, connection: Connection | None) -> float:
    of_connection = connection_options(connection).timeout
    return config.timeout if "timeout" in config.model_fields_set else of_connection or config.timeout


def _begun(config: RestApiConfig, poll: Poll, answer: HttpAnswer, context: ActionContext) -> Begun:
    outputs = found(config.response_mapping, answer.body)
    secret = sensitive_outputs(config, outputs)
    try:
        places = fill_in(places_in(poll.url), answer)
    except PermanentError as error:
        raise PermanentError(str(error), effect_possible=True, result=found_so_far(config, answer, {})) from error
    if config.cancel is not None:
        # Work that can't be stopped is followed all the same.
        with suppress(PermanentError):
            places |= fill_in(places_in(config.cancel.url), answer)
    return Begun(
        since=context.clock.now(),
        base=without_secrets(answer.url),
        places=places,
        outputs={name: value for name, value in outputs.items() if name not in secret},
    )


def _json(query: Mapping[str, QueryValue]) -> dict[str, JsonValue]:
    return {name: list(value) if isinstance(value, list) else value for name, value in query.items()}
