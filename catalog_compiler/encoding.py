"""The contexts a template can stand in; each has its own way to write a value so that it adds no structure."""

from __future__ import annotations

from enum import StrEnum


class Encoding(StrEnum):
    """How the template engine writes values into a string."""

    VALUE = "value"
    """A structured value: a string that is one reference keeps the value's type; otherwise plain text."""

    TEXT = "text"
    """Text for people, several lines allowed; always a string."""

    LINE = "line"
    """One line of text, as in a header: a value with a line break or another control character is refused."""

    JSON = "json"
    """A JSON document as text: inside quotes a value is written as escaped text, outside them as a JSON value."""

    FORM = "form"
    """`application/x-www-form-urlencoded` text: values are percent-encoded."""

    XML = "xml"
    """XML text: the five special characters become entities, control characters are refused."""

    URL = "url"
    """A URL: values are percent-encoded in path, query and fragment."""

    MRKDWN = "mrkdwn"
    """A text of Slack's: `&`, `<` and `>` become entities, so that a value adds no mention and no link."""

    MARKDOWN = "markdown"
    """Markdown: what would mean something is escaped with a backslash."""

    SEGMENT = "segment"
    """As `value`, but a text is one segment of a path: one that would lead elsewhere is refused."""
