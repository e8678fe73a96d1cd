"""How a template fails. Messages name the reference, never a value: values may be secret."""

from __future__ import annotations


class TemplateError(Exception):
    """A template can't be read or rendered; the message names the reference and what to do."""


class TemplateSyntaxError(TemplateError):
    """The text between `{{` and `}}` is not a reference with filters.

    `offset` counts characters from the start of the string that holds the template.
    """

    def __init__(self, message: str, offset: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


class UnresolvedReferenceError(TemplateError):
    """The reference has no value at run time; the message names what there is instead."""


class FilterError(TemplateError):
    """A filter can't be applied to the value that it was given, or to the arguments that stand in the template."""


class EncodingError(TemplateError):
    """The value can't be written at its place without adding structure; the message names the reference."""
