"""The rules that a form's schema can't say, so that only the server checks them. All others hold in the browser, too.

A fault names the rule that it comes from; the tests hold the schema to everything else, and the reference prints these.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

ServerRule = Literal[
    "characters", "double", "file-content", "json-value", "other-zone", "parses", "relative-bound", "text-length"
]

SERVER_RULES: Mapping[ServerRule, str] = MappingProxyType(
    {
        "relative-bound": "A date or time keeps a bound that counts from today, such as `today+30d`.",
        "other-zone": "A time in another zone than UTC is compared with bounds and in conditions as an instant, which"
        " must be before the year 10000. (Forms give UTC; a schema compares what is written.)",
        "parses": "The text of a `json` or `yaml` field is JSON, or YAML of the catalog's subset.",
        "json-value": "The value of a `json` field fits its `validation.schema`, has at most 50 levels, and is as long"
        " as `min` and `max` say where it was not given as a text.",
        "file-content": "A file's content is whole base64, its size in bytes and its content type are allowed, what it"
        " begins with fits that type, and its name is a plain one.",
        "characters": "A text holds no NUL character and no half of a surrogate pair.",
        "double": "A number is finite, and at most 1.8e308 in magnitude.",
        "text-length": "A text without a `max` has at most 1,048,576 characters.",
    }
)
"""Each rule in a sentence."""
