"""Files that were made to hurt: refused in about a second of a processor, and in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalog_compiler.hostile import LARGE, REFUSED, SETTINGS
from tests.catalog_compiler.words import shortcomings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def outcomes():
    """What became of each file in a process of its own, which ends where it takes too much time or memory."""
    run = [sys.executable, "-m", "tests.catalog_compiler.hostile_run"]
    done = subprocess.run(run, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def assert_refused(outcome):
    """With words that help, and not with a million of them."""
    assert False is outcome.get("valid"), outcome
    assert 1 <= len(outcome["problems"]) <= 1_000
    for message, hint in outcome["problems"]:
        assert [] == list(shortcomings(message, hint)), message[:300]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_refused(outcomes, name):
    """With words that help, and not with a million of them."""
    assert_refused(outcomes[f"refused: {name}"])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", LARGE)
def test_large_files_are_taken(outcomes, name):
    """An honest file of many parts costs no more than a hostile one, its form included."""
    assert {"valid": True, "problems": []} == outcomes[f"large: {name}"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SETTINGS)
def test_hostile_settings_are_refused(outcomes, name):
    """Whoever can write items can write `.pao.yaml`."""
    assert_refused(outcomes[f"settings: {name}"])
