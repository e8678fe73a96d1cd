"""The `rest-api` action: one HTTP call, with outputs taken from its JSON answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field, JsonValue

from catalog_compiler.actions import ActionContext, ActionResult, ConfigFacts, ConfigProblem
from catalog_compiler.problems import Path
from pao_actions.exceptions import PermanentError
from pao_actions.http_action import HttpAction, HttpConfig, request_headers
from pao_actions.http_answer import HttpAnswer, excerpt
from pao_actions.http_call import HttpCall, find_connection
from pao_actions.response_mapping import MappingError, extract, path_problem
from pao_actions.secret_names import looks_secret

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_GONE = frozenset({404, 410})
_STATUS_CODE = "status_code"

QueryValue = str | int | float | bool | None | list[str | int | float | bool | None]


class RestApiConfig(HttpConfig):
    """A call of a REST API. `connection` names an Airflow `http` connection: base URL, credentials, headers."""

    connection: str | None = None
    """An Airflow `http` connection: base URL, credentials and headers."""
    query: dict[str, QueryValue] = Field(default_factory=dict)
    """Parameters of the query; a list repeats its parameter."""
    response_mapping: dict[str, str] = Field(default_factory=dict)
    """Output name to JSONPath (RFC 9535); a path that ends in `?` may find nothing."""
    sensitive_outputs: tuple[str, ...] = ()
    """Outputs that are stored encrypted and shown masked."""


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
    notes: ClassVar[str] = """\
Every call carries an `Idempotency-Key`, the same for every try of one action, so that an API that knows the header
does it once. `connection` is an Airflow connection of type `http`: host, schema and port make the base URL, login and
password sign in, its extra may hold headers and `verify`. As a rollback, a `DELETE` that is answered 404 or 410 counts
as undone.
"""

    @classmethod
    def literal(cls, path: Path) -> bool:
        """Also the mapping: a value must not choose what is read from an answer."""
        return super().literal(path) or path[:1] in {("response_mapping",), ("sensitive_outputs",)}

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:
        """Problems of the call and of the mapping."""
        yield from super().check(config, facts)
        yield from _method_problems(config)
        yield from _mapping_problems(config)

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:
        """The names of the mapping, and the status code."""
        mapping = config.get("response_mapping")
        return frozenset(map(str, mapping if isinstance(mapping, Mapping) else ())) | {_STATUS_CODE}

    @classmethod
    def repeatable(cls, config: Mapping[str, Any]) -> bool:
        """HTTP's own rule: all methods but POST and PATCH."""
        return config.get("method", "GET") in _REPEATABLE

    async def run(self, config: RestApiConfig, context: ActionContext) -> ActionResult:
        """Call once."""
        return _result(config, await self.answer(config, context))

    async def undo(self, config: RestApiConfig, context: ActionContext) -> ActionResult:
        """Call once; what a DELETE finds gone already counts as undone."""
        gone = _GONE if config.method == "DELETE" else frozenset()
        answer = await self.answer(config, context, also_accepted=gone)
        if answer.status in gone:
            return ActionResult(outputs={_STATUS_CODE: answer.status})
        return _result(config, answer)

    async def call(self, config: RestApiConfig, context: ActionContext) -> HttpCall:
        """The request, with the connection looked up."""
        return HttpCall(
            method=config.method,
            url=config.url,
            timeout=config.timeout,
            headers=request_headers(config),
            query=_json(config.query),
            body=config.payload(),
            connection=await find_connection(config.connection, context) if config.connection else None,
        )


def _json(query: Mapping[str, QueryValue]) -> dict[str, JsonValue]:
    return {name: list(value) if isinstance(value, list) else value for name, value in query.items()}


def _result(config: RestApiConfig, answer: HttpAnswer) -> ActionResult:
    outputs = {**_mapped(config, answer), _STATUS_CODE: answer.status}
    listed = set(config.sensitive_outputs)
    sensitive = frozenset(name for name in outputs if name in listed or looks_secret(name))
    return ActionResult(outputs=outputs, sensitive=sensitive)


def _mapped(config: RestApiConfig, answer: HttpAnswer) -> dict[str, JsonValue]:
    if config.response_mapping and not answer.complete:
        message = f"{answer.target} answered {answer.status} with more than {len(answer.body)} bytes; ask it for less"
        raise PermanentError(message, effect_possible=answer.effect_possible)
    try:
        return extract(config.response_mapping, answer.body)
    except MappingError as error:
        message = f"{answer.target} answered {answer.status}, but {error}; it begins: {excerpt(answer) or '(nothing)'}"
        raise PermanentError(message, effect_possible=answer.effect_possible) from error


def _method_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    given = next((key for key in ("body", "body_template") if config.get(key) is not None), None)
    if given and "method" not in config:
        yield ConfigProblem(path=(given,), message="a body needs a 'method'", hint="for example 'method: POST'")


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
