"""What a test does where Prism or its description is missing."""

from __future__ import annotations

import pytest

from tests.github import programs


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
@pytest.mark.parametrize("missing", ["node", "description"])
def test_what_is_missing_skips_a_test_but_fails_it_in_continuous_integration(
    monkeypatch, tmp_path, missing, ci, outcome
):
    """With what to install: nothing passes there unseen."""
    monkeypatch.setenv("CI", ci)
    if missing == "node":
        monkeypatch.setenv("PATH", "")
    else:
        monkeypatch.setattr(programs, "HERE", tmp_path)

    with pytest.raises(outcome, match="this test needs"), programs.mock("cloud"):
        pass
