"""Templates without quotes, which YAML takes for mappings: what to advise, and how to read on behind one."""

from __future__ import annotations

import re

from catalog_compiler.yaml_faults import shortened

TEMPLATE_START = "{{"
_TEMPLATE = re.compile(r"""\{\{[^{}\n]*\}\}(?:[^\s,{}\[\]"']*\{\{[^{}\n]*\}\})*""")
_LEGIBLE = "x"
"""A letter that means nothing in YAML."""


def quoting_hint(text: str, start: int) -> str | None:
    """How to write the rest of the line from the template at `start` on, or None where quotes alone don't do it."""
    line = text[start:].split("\n", 1)[0].rstrip()
    return None if '"' in line else f'write "{shortened(line)}"'


def without_template(text: str, start: int) -> str | None:
    """The text with letters in the place of the template at `start`; None where it has no end in its line.

    As long as before, so that all that follows stays at its place.
    """
    found = _TEMPLATE.match(text, start)
    if found is None:
        return None
    return text[:start] + _LEGIBLE * (found.end() - start) + text[found.end() :]
