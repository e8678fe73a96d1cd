"""Reads templates: text with `{{ reference | filter(argument) }}` in it.

A hand-written reader in one pass, so that its time is linear in the length of the text and every offset is exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog_compiler.templates.exceptions import TemplateSyntaxError

Argument = str | int | float | bool | None
"""What may stand between a filter's brackets."""

Reference = tuple[str | int, ...]
"""A path as its parts, for example `("response", "rest-api", "hosts", 0)`."""

_OPEN, _CLOSE = "{{", "}}"
_NAME = re.compile(r"\w[\w-]*")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?(?![\w.])")
_INDEX = re.compile(r"\[(\d{1,9})\]")
_SPACE = re.compile(r"\s*")
_CONSTANTS: dict[str, Argument] = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_LITERAL_HINT = "write {{ '{{' }} for a literal '{{'"


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterCall:
    """One filter as written; `offset` is where its name starts in the string."""

    name: str
    arguments: tuple[Argument, ...]
    offset: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """One `{{ }}`; `offset` is where its reference starts, `end` the first character after its `}}`."""

    reference: Reference
    filters: tuple[FilterCall, ...]
    offset: int
    end: int

    @property
    def path(self) -> str:
        """The reference as people write it, for messages."""
        return path_text(self.reference)


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A parsed string: literal texts and expressions, in order; no two literal texts stand side by side."""

    source: str
    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Only the expressions."""
        return tuple(part for part in self.parts if isinstance(part, Expression))

    @property
    def is_single(self) -> bool:
        """Whether it is exactly one expression and nothing else, so that the value keeps its type."""
        return len(self.parts) == 1 and isinstance(self.parts[0], Expression)


def path_text(reference: Reference) -> str:
    """Write a reference as in a template: `response.rest-api.hosts[0]`."""
    head, *rest = reference
    return str(head) + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)


def has_template(text: str) -> bool:
    """Whether the text holds a `{{`, and so must be parsed."""
    return _OPEN in text


def parse(text: str) -> Template:
    """Read a text as a template.

    Raises:
        TemplateSyntaxError: if what follows a `{{` is not a reference with filters and a `}}`.
    """
    parts: list[str | Expression] = []
    literal: list[str] = []
    position = 0
    while (start := text.find(_OPEN, position)) >= 0:
        literal.append(text[position:start])
        reader = _Reader(text, start)
        part = reader.placeholder()
        position = reader.position
        if isinstance(part, str):
            literal.append(part)
            continue
        _add_literal(parts, literal)
        parts.append(part)
    literal.append(text[position:])
    _add_literal(parts, literal)
    return Template(source=text, parts=tuple(parts))


def _add_literal(parts: list[str | Expression], literal: list[str]) -> None:
    if joined := "".join(literal):
        parts.append(joined)
    literal.clear()


class _Reader:
    """Reads one placeholder; `position` is the next character to read."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start
        self.position = start + len(_OPEN)

    def placeholder(self) -> str | Expression:
        """The expression from `{{` to `}}`, or the text of a literal `{{ '{{' }}`."""
        self._skip_space()
        offset = self.position
        if self._peek() in ("'", '"'):
            return self._literal()
        reference = self._reference()
        filters = []
        while self._take("|"):
            self._skip_space()
            filters.append(self._filter())
        self._close("a '|' and a filter, or '}}'")
        return Expression(reference=reference, filters=tuple(filters), offset=offset, end=self.position)

    def _literal(self) -> str:
        offset = self.position
        text = self._quoted()
        if text != _OPEN:
            message = "a quoted text is not a reference; write it outside the '{{ }}'"
            raise TemplateSyntaxError(message, offset, "only {{ '{{' }} is a literal")
        self._close("'}}'")
        return text

    def _reference(self) -> Reference:
        parts: list[str | int] = [self._name("a reference such as 'fields.name'")]
        while True:
            if self._text.startswith(".", self.position):
                self.position += 1
                parts.append(self._name("a name after the '.'"))
            elif index := _INDEX.match(self._text, self.position):
                self.position = index.end()
                parts.append(int(index[1]))
            elif self._peek() == "[":
                raise self._error("an index such as '[0]'", "an index is a number from 0; a name follows a dot")
            else:
                self._skip_space()
                return tuple(parts)

    def _filter(self) -> FilterCall:
        offset = self.position
        name = self._name("the name of a filter after the '|'")
        self._skip_space()
        arguments = self._arguments() if self._take("(") else ()
        self._skip_space()
        return FilterCall(name=name, arguments=arguments, offset=offset)

    def _arguments(self) -> tuple[Argument, ...]:
        self._skip_space()
        if self._take(")"):
            return ()
        arguments = [self._argument()]
        while self._take(","):
            self._skip_space()
            arguments.append(self._argument())
        if not self._take(")"):
            raise self._error("',' or ')'")
        return tuple(arguments)

    def _argument(self) -> Argument:
        value: Argument
        if self._peek() in ("'", '"'):
            value = self._quoted()
        elif number := _NUMBER.match(self._text, self.position):
            self.position = number.end()
            value = float(number[0]) if "." in number[0] else int(number[0])
        elif (word := _NAME.match(self._text, self.position)) and word[0] in _CONSTANTS:
            self.position = word.end()
            value = _CONSTANTS[word[0]]
        else:
            raise self._error("a text in quotes or a number", "a filter's argument is a constant, not a reference")
        self._skip_space()
        return value

    def _quoted(self) -> str:
        quote, start = self._peek(), self.position
        pieces = []
        self.position += 1
        while (character := self._peek()) != quote:
            if not character:
                raise TemplateSyntaxError(f"the text that starts with {quote} does not end", start, f"add a {quote}")
            if character == "\\":
                self.position += 1
                character = _ESCAPES.get(self._peek(), "")
                if not character:
                    raise self._error("one of n, t, \\, ' and \" after a backslash", "write a backslash as \\\\")
            pieces.append(character)
            self.position += 1
        self.position += 1
        return "".join(pieces)

    def _name(self, expected: str) -> str:
        match = _NAME.match(self._text, self.position)
        if match is None:
            raise self._error(expected)
        self.position = match.end()
        return match[0]

    def _close(self, expected: str) -> None:
        self._skip_space()
        if not self._text.startswith(_CLOSE, self.position):
            raise self._error(expected)
        self.position += len(_CLOSE)

    def _take(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self.position += 1
        return True

    def _peek(self) -> str:
        return self._text[self.position : self.position + 1]

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self.position)
        self.position = match.end() if match else self.position

    def _error(self, expected: str, hint: str = _LITERAL_HINT) -> TemplateSyntaxError:
        found = self._peek()
        if not found:
            return TemplateSyntaxError("'{{' has no matching '}}'", self._start, _LITERAL_HINT)
        return TemplateSyntaxError(f"expected {expected}, found '{found}'", self.position, hint)
