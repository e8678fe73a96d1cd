"""What can be wrong with the config of an action that speaks HTTP, seen before there is a request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalog_compiler.actions import ConfigFacts, ConfigProblem
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from catalog_compiler.templates import (
    EncodingError,
    Expression,
    Template,
    TemplateSyntaxError,
    authority_expressions,
    parse,
    sample,
)
from pao_actions.request_body import body_encoding, content_type

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding"})


def http_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    """All problems of URL, headers and body. What the config's model reports is not repeated here."""
    yield from url_problems(config.get("url"), ("url",), facts, relative=bool(config.get("connection")))
    yield from header_problems(config.get("headers"), ("headers",))
    yield from _body_problems(config)


def url_problems(text: object, where: Path, facts: ConfigFacts, *, relative: bool) -> Iterator[ConfigProblem]:
    """Problems of a raw URL that stands at `where`; `relative` says that there is something it can start at."""
    url = _template(text)
    if url is None:
        return
    for expression in authority_expressions(url):
        if not _may_name_host(expression, facts):
            yield ConfigProblem(
                path=where,
                message=f"'{expression.path}' decides which host is called",
                hint="scheme and host come from constants, 'env.*' or fields of type selection",
            )
    scheme = _SCHEME.match(url.source)
    if scheme and scheme[1].lower() not in ("http", "https"):
        yield ConfigProblem(path=where, message=f"'{scheme[1]}' can't be called", hint="write http or https")
    if scheme is None and not authority_expressions(url) and not relative:
        yield ConfigProblem(
            path=where,
            message="the URL has neither scheme nor host",
            hint="write it from 'https://' on, or start it with an 'env' reference, or name a 'connection'",
        )


def _may_name_host(expression: Expression, facts: ConfigFacts) -> bool:
    root, *rest = expression.reference
    return root == "env" or (root == "fields" and len(rest) == 1 and facts.field_types.get(str(rest[0])) == "selection")


def is_header_name(name: object) -> bool:
    """Whether it can be the name of a header."""
    return _HEADER_NAME.fullmatch(str(name)) is not None


def header_problems(headers: object, where: Path) -> Iterator[ConfigProblem]:
    """Problems of raw headers that stand at `where`."""
    if not isinstance(headers, Mapping):
        return
    for name, value in headers.items():
        if not is_header_name(name):
            yield ConfigProblem(
                path=(*where, name),
                message=f"'{name}' is not a header's name",
                hint="write letters, digits and hyphens, as in X-Request-ID",
            )
        elif str(name).lower() in _OWN_HEADERS:
            yield ConfigProblem(
                path=(*where, name), message=f"'{name}' is set from the body by itself", hint="take it out"
            )
        if isinstance(value, str) and any(part in value.strip() for part in "\r\n"):
            yield ConfigProblem(path=(*where, name), message="a header is one line", hint="take the line break out")


def _body_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    given = [key for key in ("body", "body_template") if config.get(key) is not None]
    media_type = content_type(config.get("headers"))
    if len(given) > 1:
        yield ConfigProblem(
            path=("body_template",), message="'body' and 'body_template' are both given", hint="keep one of them"
        )
    if "body" in given and body_encoding(media_type) not in (Encoding.JSON, Encoding.FORM):
        yield ConfigProblem(
            path=("body",), message=f"a structured body can't be written as {media_type}", hint="use 'body_template'"
        )
    template = _template(config.get("body_template"))
    if template is not None:
        yield from _template_problems(template, media_type)


def _template_problems(template: Template, media_type: str) -> Iterable[ConfigProblem]:
    encoding = body_encoding(media_type)
    if encoding is None:
        for path in sorted({part.path for part in template.expressions if part.reference[0] == "fields"}):
            yield ConfigProblem(
                path=("body_template",),
                message=f"'{path}' can't be written safely into a body of type {media_type}",
                hint="use JSON, form, XML or plain text, or take fields out of it",
            )
        return
    try:
        document = sample(template, encoding)
        if encoding is Encoding.JSON:
            json.loads(document)
    except EncodingError as error:
        yield ConfigProblem(path=("body_template",), message=str(error))
    except (json.JSONDecodeError, RecursionError) as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        yield ConfigProblem(
            path=("body_template",),
            message=f"the body is not JSON once its placeholders are filled in: {where}",
            hint="correct it, or give the 'Content-Type' that it has",
        )


def _template(text: object) -> Template | None:
    """The parsed text; None where there is none, or where template checks report it already."""
    if not isinstance(text, str):
        return None
    try:
        return parse(text)
    except TemplateSyntaxError:
        return None
