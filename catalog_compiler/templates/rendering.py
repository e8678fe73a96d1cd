"""Renders templates: references resolved, filters applied, values encoded for where they stand.

A value that a user gave is never parsed again: `{{` in it is text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from catalog_compiler.actions import ActionType
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from catalog_compiler.templates.exceptions import TemplateError, UnresolvedReferenceError
from catalog_compiler.templates.filters import apply_filters, catches_missing
from catalog_compiler.templates.json_text import JsonWriter
from catalog_compiler.templates.markdown_text import MarkdownWriter
from catalog_compiler.templates.mrkdwn_text import MrkdwnWriter
from catalog_compiler.templates.path_text import SegmentWriter
from catalog_compiler.templates.scope import Scope, resolve
from catalog_compiler.templates.syntax import Expression, Template, has_template, parse, path_text
from catalog_compiler.templates.url_text import UrlWriter
from catalog_compiler.templates.writers import FormWriter, LineWriter, TextWriter, Writer
from catalog_compiler.templates.xml_text import XmlWriter


def evaluate(expression: Expression, scope: Scope) -> JsonValue:
    """An expression's value, with its type.

    Raises:
        UnresolvedReferenceError: if it has none, and no `default` stands in for it.
        FilterError: if a filter can't take it.
    """
    try:
        value = resolve(expression, scope)
    except UnresolvedReferenceError:
        if not catches_missing(expression):
            raise
        value = None
    return apply_filters(value, expression)


def render(template: Template | str, scope: Scope, encoding: Encoding) -> JsonValue:
    """Render one string; only a single expression written by value gives anything but a string.

    Raises:
        TemplateError: if a reference has no value, a filter fails, or a value can't stand where it is to stand.
    """
    parsed = parse(template) if isinstance(template, str) else template
    if encoding in (Encoding.VALUE, Encoding.SEGMENT) and parsed.is_single:
        value = evaluate(parsed.expressions[0], scope)
        if not isinstance(value, str):
            return value
    writer = _writer(parsed, encoding)
    for part in parsed.parts:
        if isinstance(part, str):
            writer.literal(part)
        else:
            writer.value(evaluate(part, scope), part)
    return writer.result()


def sample(template: Template, encoding: Encoding) -> str:
    """The text around the expressions, with stand-in values, to check it before there is a request.

    Each writer has its own: the text `x`, null where a JSON document takes a value, an address where a link begins.

    Raises:
        EncodingError: if an expression stands where no value can stand.
    """
    writer = _writer(template, encoding)
    for part in template.parts:
        if isinstance(part, str):
            writer.literal(part)
        else:
            writer.value(writer.stand_in, part)
    return writer.result()


def render_config(action_type: type[ActionType[Any]], config: Mapping[str, JsonValue], scope: Scope) -> dict[str, Any]:
    """Render every string of a raw config as its action type says.

    Raises:
        TemplateError: as `render`, with the place in the config before the message.
    """

    def rendered(value: JsonValue, path: Path) -> JsonValue:
        match value:
            case {}:
                return {key: rendered(entry, (*path, key)) for key, entry in value.items()}
            case [*entries]:
                return [rendered(entry, (*path, position)) for position, entry in enumerate(entries)]
            case str() if has_template(value) and not action_type.literal(path):
                return _render_at(path, value, scope, action_type.encoding(path, config))
        return value

    return {key: rendered(value, (key,)) for key, value in config.items()}


def _render_at(path: Path, text: str, scope: Scope, encoding: Encoding) -> JsonValue:
    try:
        return render(text, scope, encoding)
    except TemplateError as error:
        error.args = (f"config.{path_text(path)}: {error}",)
        raise


_WRITERS: Mapping[Encoding, type[Writer]] = {
    Encoding.VALUE: TextWriter,
    Encoding.TEXT: TextWriter,
    Encoding.LINE: LineWriter,
    Encoding.JSON: JsonWriter,
    Encoding.FORM: FormWriter,
    Encoding.XML: XmlWriter,
    Encoding.MRKDWN: MrkdwnWriter,
    Encoding.MARKDOWN: MarkdownWriter,
    Encoding.SEGMENT: SegmentWriter,
}


def _writer(template: Template, encoding: Encoding) -> Writer:
    return UrlWriter(template) if encoding is Encoding.URL else _WRITERS[encoding]()
