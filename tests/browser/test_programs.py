"""What a test does where a program that it needs is missing."""

from __future__ import annotations

import pytest

from tests.browser.programs import chromium, node


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
@pytest.mark.parametrize("program", [node, chromium])
def test_a_missing_program_skips_a_test_but_fails_it_in_continuous_integration(monkeypatch, program, ci, outcome):
    """With what to install: nothing passes there unseen."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", ci)
    monkeypatch.delenv("CHROMIUM", raising=False)

    with pytest.raises(outcome, match="this test needs"):
        program()


def test_the_browser_may_be_named(monkeypatch):
    """By `CHROMIUM`, as where it is not on the PATH."""
    monkeypatch.setenv("CHROMIUM", "/opt/chromium")

    assert "/opt/chromium" == chromium()
