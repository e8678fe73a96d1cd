"""The rules that only the server checks."""

from __future__ import annotations

from typing import get_args

from catalog_compiler.server_rules import SERVER_RULES, ServerRule


def test_every_rule_is_told():
    """In a sentence of the reference."""
    assert set(get_args(ServerRule)) == set(SERVER_RULES)
