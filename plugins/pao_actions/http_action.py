"""What the action types that speak HTTP have in common: config, contexts of templates, checks, the call."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from catalog_compiler.actions import ActionContext, ActionType, ConfigFacts, ConfigProblem
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from pao_actions.header_text import HeaderText
from pao_actions.http_answer import HttpAnswer, require_success
from pao_actions.http_call import HttpCall
from pao_actions.http_checks import http_problems
from pao_actions.redirects import send_following
from pao_actions.request_body import body_encoding, content_type, encoded_body, with_content_type

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


class HttpConfig(BaseModel):
    """One HTTP request with its templates resolved. `timeout` is in seconds for the whole call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = "GET"
    """The HTTP method."""
    url: Annotated[str, Field(min_length=1)]
    """What is called; scheme and host are constants, `env.*` or `selection` fields."""
    headers: dict[str, HeaderText] = {}
    """Headers, one line each."""
    body: JsonValue = None
    """The body as a structure, written as JSON or as a form; instead of `body_template`."""
    body_template: str | None = None
    """The body as text; values are encoded for its `Content-Type`, which is JSON by default."""
    timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Seconds for the whole call."""
    success_codes: Annotated[tuple[Annotated[int, Field(ge=100, le=599)], ...], Field(min_length=1)] | None = None
    """Status codes that mean success; by default 200 to 299."""

    def payload(self) -> bytes | None:
        """The exact bytes of the body, or None without one."""
        if self.body_template is not None:
            return self.body_template.encode("utf-8")
        return None if self.body is None else encoded_body(self.body, content_type(self.headers))


HttpConfigT = TypeVar("HttpConfigT", bound=HttpConfig)


class HttpAction(ActionType[HttpConfigT]):
    """Base of the action types that send one request."""

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:
        """URL, header line, or what the `Content-Type` makes of the body."""
        match path:
            case ("url",):
                return Encoding.URL
            case ("headers", *_):
                return Encoding.LINE
            case ("body_template",):
                return body_encoding(content_type(config.get("headers"))) or Encoding.TEXT
        return Encoding.VALUE

    @classmethod
    def literal(cls, path: Path) -> bool:
        """What decides how the call is made is written by the author alone."""
        return path[:1] in {("connection",), ("method",), ("signature",)}

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:
        """Problems of URL, headers and body."""
        return http_problems(config, facts)

    @abstractmethod
    async def call(self, config: HttpConfigT, context: ActionContext) -> HttpCall:
        """The request to send."""

    async def answer(
        self, config: HttpConfigT, context: ActionContext, also_accepted: Iterable[int] = ()
    ) -> HttpAnswer:
        """Send the request once and return an answer that means success."""
        accepted = frozenset({*also_accepted, *(config.success_codes or ())})
        answer = await self.send(config, await self.call(config, context), context, accepted)
        if answer.status not in also_accepted:
            require_success(answer, config.success_codes, context.clock.now())
        return answer

    async def send(
        self,
        config: HttpConfigT,  # noqa: ARG002 - for types that sign in
        call: HttpCall,
        context: ActionContext,
        accepted: frozenset[int],
    ) -> HttpAnswer:
        """Send the request once, wherever redirects lead; a status in `accepted` is no redirect."""
        return await send_following(call, context, accepted=accepted)


def request_headers(config: HttpConfig) -> dict[str, str]:
    """The config's headers, and the type of its body where they don't say it."""
    has_body = config.body is not None or config.body_template is not None
    return with_content_type(config.headers) if has_body else dict(config.headers)
