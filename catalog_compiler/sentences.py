"""Plain sentences for what pydantic found, the same for an item's own keys and for an action's config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog_compiler.model import ACTION_NAME, FIELD_ID, ITEM_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

    from catalog_compiler.problems import Path

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "null",
}
PATTERN_WORDS = {
    ITEM_ID: "lower-case letters and digits in words joined by single hyphens, a letter first",
    FIELD_ID: "lower-case letters, digits and underscores, a letter first",
    ACTION_NAME: "lower-case letters, digits, underscores and hyphens, a letter first",
}
_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_LONGEST_VALUE = 60


def is_kind_error(error: ErrorDetails) -> bool:
    """Whether the value is of another kind than what belongs there (text, number, list ...)."""
    return error["type"] in _KINDS


def wants_text(errors: Sequence[ErrorDetails], value: Any) -> bool:
    """Whether text belongs where a number stands."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and any(error["type"] == "string_type" for error in errors)


def label(path: Path) -> str:
    """How a message names the value at `path`."""
    if not path:
        return "the document"
    last = path[-1]
    if isinstance(last, str):
        return shown(last)
    return f"entry {last + 1} of {label(path[:-1])}"


def shown(value: Any) -> str:
    """A value in a message: short texts and numbers as they are, the rest by its kind."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = " ".join(value.split())
        return f"'{text}'" if len(text) <= _LONGEST_VALUE else f"'{text[:_LONGEST_VALUE]}...'"
    if isinstance(value, int | float):
        return str(value)
    return "a mapping" if isinstance(value, dict) else "a list"


def wrong_kind(path: Path, errors: Sequence[ErrorDetails], value: Any) -> str:
    """The sentence for a value of the wrong kind; several errors are the alternatives of one place."""
    kinds = dict.fromkeys(_KINDS[error["type"]] for error in errors)
    if "a number" in kinds:
        kinds.pop("a whole number", None)
    return f"{label(path)} must be {' or '.join(kinds)}, and it is {shown(value)}"


def wrong_value(path: Path, error: ErrorDetails, value: Any) -> str:
    """The sentence for a value of the right kind that is not allowed."""
    name, context = label(path), error.get("ctx", {})
    match error["type"]:
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal" as limit:
            key, words = _LIMITS[limit]
            sentence = f"{name} must be {words} {context[key]}, and it is {shown(value)}"
        case "string_pattern_mismatch" if context["pattern"] in PATTERN_WORDS:
            sentence = f"{name} must be {PATTERN_WORDS[context['pattern']]}, and {shown(value)} is not"
        case "string_too_long":
            sentence = f"{name} may have {context['max_length']} characters, and it has {len(value)}; shorten it"
        case "literal_error":
            allowed = context["expected"].replace("'", "")
            sentence = f"{shown(value)} cannot stand for {name}; allowed are {allowed}"
        case "too_long":
            sentence = f"{name} may have {context['max_length']} entries, and it has {len(value)}; make it shorter"
        case "too_short":
            sentence = f"{name} needs at least {context['min_length']} entry; add one"
        case "value_error" | "assertion_error":
            sentence = f"{name}: {context.get('error', error['msg'])}"
        case "string_too_short" | "string_pattern_mismatch" if not value.strip():
            sentence = f"{name} must not be empty"
        case _:
            sentence = f"{name} is not valid: {error['msg'][:1].lower()}{error['msg'][1:]}"
    return sentence
