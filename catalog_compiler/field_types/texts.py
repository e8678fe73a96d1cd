"""Fields that hold text: string, text, password, email, url."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from ipaddress import AddressValueError, IPv6Address
from typing import ClassVar

from pydantic import JsonValue
from typing_extensions import override

from catalog_compiler.field_types.base import Fault, FieldType, Flaw, Schema
from catalog_compiler.field_types.choices import choice_flaws, choice_ui, choice_values, not_an_option
from catalog_compiler.field_types.limits import count, count_flaws
from catalog_compiler.field_types.values import storable
from catalog_compiler.model import FieldTypeName, FormField, PatternRule
from catalog_compiler.patterns import PatternError, author_pattern, compile_pattern
from catalog_compiler.server_rules import ServerRule

MAX_LENGTH = 1_048_576
"""Characters of a text whose field names no `max`; a hard stop, far above what forms hold."""

LINE_BREAKS = r"[\n\v\f\r\x85\u2028\u2029]"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}$"
"""An address as browsers and ajv take it: dots between atoms, a domain with at least one dot."""
EMAIL_MAX = 254

_ESCAPED = r"%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|{_ESCAPED})"
_HOST = r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])"
_WEB = (
    rf"//(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|{_ESCAPED})*@)?{_HOST}(?::[0-9]{{1,5}})?"
    rf"(?:/{_PCHAR}*)*(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
)
_OTHER = rf"(?:{_PCHAR}|[/?])+(?:#(?:{_PCHAR}|[/?])*)?"
SCHEMES = ("http", "https")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


def rules(field: FormField) -> tuple[PatternRule, ...]:
    """The patterns of a field, all of which must match; `validation.pattern` comes first."""
    limits = field.validation
    written = (limits.pattern, *limits.patterns) if limits.pattern is not None else limits.patterns
    return tuple(rule if isinstance(rule, PatternRule) else PatternRule(pattern=rule) for rule in written)


def with_patterns(schema: Schema, patterns: list[str]) -> Schema:
    """Add patterns to a string's schema: one as it is, several under `allOf`."""
    if len(patterns) == 1:
        schema["pattern"] = patterns[0]
    elif patterns:
        schema["allOf"] = [{"type": "string", "pattern": pattern} for pattern in patterns]
    return schema


def length_faults(field: FormField, text: str, maximum: int | None = None) -> Iterator[Fault]:
    """A text that is too short or too long, in characters; `maximum` holds where the field names none."""
    low = count(field.validation.min) or 0
    high = count(field.validation.max)
    limit = high if high is not None else maximum or MAX_LENGTH
    if len(text) < low:
        yield Fault(code="too-short", text=f"must be at least {low} characters long")
    if len(text) > limit:
        rule: ServerRule | None = "text-length" if high is None and maximum is None else None
        yield Fault(code="too-long", text=f"must be at most {limit} characters long", rule=rule)


class Text(FieldType):
    """Several lines of text.

    The base of all that is text.
    """

    name: ClassVar[FieldTypeName] = "text"
    validation_keys = frozenset({"min", "max", "pattern", "patterns"})
    own_maximum: ClassVar[int | None] = None

    def own_pattern(self, field: FormField) -> str | None:  # noqa: ARG002 - for subclasses
        """A pattern that every value of this type matches."""
        return None

    @override
    def schema(self, field: FormField) -> Schema:
        low = max(count(field.validation.min) or 0, 1 if field.required else 0)
        high = count(field.validation.max)
        high = self.own_maximum if high is None else high
        schema: Schema = {"type": "string"}
        if low:
            schema["minLength"] = low
        if high is not None:
            schema["maxLength"] = high
        own = self.own_pattern(field)
        return with_patterns(schema, [*([own] if own else []), *(rule.pattern for rule in rules(field))])

    @override
    def ui(self, field: FormField) -> Schema:
        help_text = " ".join(rule.message for rule in rules(field) if rule.message)
        return {"ui:widget": "textarea"} | ({"ui:help": help_text} if help_text else {})

    @override
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(code="wrong-type", text="must be a text")
            return
        if not storable(value):
            text = "must not hold NUL characters or broken Unicode; remove them"
            yield Fault(code="invalid-characters", text=text, rule="characters")
            return
        if field.required and not value:
            yield Fault(code="required", text="must not be empty; give a value")
            return
        yield from length_faults(field, value, self.own_maximum)
        if len(value) <= MAX_LENGTH:
            yield from self.text_faults(field, value)
            yield from _pattern_faults(field, value)

    def text_faults(self, field: FormField, text: str) -> Iterator[Fault]:  # noqa: ARG002 - for subclasses
        """What else is wrong with a text of this type."""
        yield from ()

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from count_flaws(field, "characters")
        limits = field.validation
        if limits.pattern is not None:
            yield from _pattern_flaws(limits.pattern, ("validation", "pattern"))
        for place, rule in enumerate(limits.patterns):
            at: tuple[str | int, ...] = ("validation", "patterns", place)
            if isinstance(rule, PatternRule):
                yield from _pattern_flaws(rule.pattern, (*at, "pattern"))
            else:
                yield from _pattern_flaws(rule, at)


class String(Text):
    """One line of text, or one of given texts."""

    name: ClassVar[FieldTypeName] = "string"
    validation_keys = Text.validation_keys | {"enum"}

    @override
    def schema(self, field: FormField) -> Schema:
        schema = super().schema(field)
        if field.choices:
            return schema | {"enum": choice_values(field)}
        return schema | {"not": {"type": "string", "pattern": LINE_BREAKS}}

    @override
    def ui(self, field: FormField) -> Schema:
        ui = {key: value for key, value in super().ui(field).items() if key != "ui:widget"}
        return ui | choice_ui(field) if field.choices else ui

    @override
    def text_faults(self, field: FormField, text: str) -> Iterator[Fault]:
        if field.choices:
            yield from not_an_option(field, text)
        elif compile_pattern(LINE_BREAKS).search(text):
            yield Fault(code="line-break", text="must be one line; remove the line breaks")

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from super().flaws(field)
        yield from choice_flaws(field, {"string"})


class Password(Text):
    """A secret text: encrypted when stored, never shown again."""

    name: ClassVar[FieldTypeName] = "password"
    operators = frozenset()

    @override
    def ui(self, field: FormField) -> Schema:
        return super().ui(field) | {"ui:widget": "password", "ui:autocomplete": "new-password"}


class Email(Text):
    """An email address."""

    name: ClassVar[FieldTypeName] = "email"
    own_maximum = EMAIL_MAX

    @override
    def own_pattern(self, field: FormField) -> str:
        return EMAIL

    @override
    def schema(self, field: FormField) -> Schema:
        return super().schema(field) | {"format": "email"}

    @override
    def ui(self, field: FormField) -> Schema:
        return super().ui(field) | {"ui:widget": "email"}

    @override
    def text_faults(self, field: FormField, text: str) -> Iterator[Fault]:
        if not compile_pattern(EMAIL).search(text):
            yield Fault(code="invalid-format", text="must be an email address such as name@example.com")


class Url(Text):
    """A URL of http or https, or of the schemes that the field names."""

    name: ClassVar[FieldTypeName] = "url"
    validation_keys = Text.validation_keys | {"schemes"}

    @override
    def own_pattern(self, field: FormField) -> str:
        schemes = field.validation.schemes or SCHEMES
        web, other = _one_of(set(schemes) & set(SCHEMES)), _one_of(set(schemes) - set(SCHEMES))
        ends = ([f"{web}:{_WEB}"] if web else []) + ([f"{other}:{_OTHER}"] if other else [])
        return f"^(?:{'|'.join(ends)})$"

    @override
    def schema(self, field: FormField) -> Schema:
        return super().schema(field) | {"format": "uri"}

    @override
    def ui(self, field: FormField) -> Schema:
        return super().ui(field) | {"ui:widget": "uri"}

    @override
    def text_faults(self, field: FormField, text: str) -> Iterator[Fault]:
        if not compile_pattern(self.own_pattern(field)).search(text) or not _host_exists(text):
            schemes = " or ".join(f"{scheme}:" for scheme in field.validation.schemes or SCHEMES)
            yield Fault(
                code="invalid-format",
                text=f"must be a whole URL that starts with {schemes}, with other characters percent-encoded",
            )

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from super().flaws(field)
        for place, scheme in enumerate(field.validation.schemes or ()):
            if not _SCHEME.fullmatch(scheme):
                at = ("validation", "schemes", place)
                yield Flaw(
                    at, "invalid-value", f"'{scheme}' is no URL scheme; write it in small letters, such as 'ssh'"
                )


def _one_of(schemes: set[str]) -> str:
    """A pattern for any of some schemes; empty where there are none."""
    escaped = [scheme.replace("+", r"\+").replace(".", r"\.") for scheme in sorted(schemes)]
    return f"(?:{'|'.join(escaped)})" if escaped else ""


def _host_exists(url: str) -> bool:
    """Whether an address in brackets is one of IPv6; other hosts are fine as the pattern takes them."""
    host = re.match(r"https?://(?:[^/?#@]*@)?\[([^]]*)]", url)
    try:
        return host is None or bool(IPv6Address(host[1]))
    except AddressValueError:
        return False


def _pattern_faults(field: FormField, text: str) -> Iterator[Fault]:
    for rule in rules(field):
        if not compile_pattern(rule.pattern).search(text):
            wanted = f"is not as wanted: {rule.message}" if rule.message else f"must match the pattern {rule.pattern}"
            yield Fault(code="pattern-mismatch", text=wanted)


def _pattern_flaws(pattern: str, path: tuple[str | int, ...]) -> Iterator[Flaw]:
    try:
        author_pattern(pattern)
    except PatternError as error:
        yield Flaw(path, "invalid-pattern", f"the pattern '{pattern[:100]}' {error}", error.hint)
