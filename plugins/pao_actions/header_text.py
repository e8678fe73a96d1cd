"""The value of a header in a config."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


HeaderText = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int | float)]
"""A header's value; a number in YAML is meant as its text."""
