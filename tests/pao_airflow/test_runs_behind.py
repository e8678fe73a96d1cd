"""Runs that are tried again: for a while, until they were taken on."""

from __future__ import annotations

from pao_airflow.runs_behind import RunsBehind

ONE, OTHER = ("dag", "one"), ("dag", "other")


def test_a_run_is_tried_until_it_is_taken_on():
    """Each by itself."""
    behind = RunsBehind()
    behind.add(ONE, OTHER)

    assert [ONE, OTHER] == behind.due() == behind.due()
    behind.taken({ONE, ("dag", "unknown")})
    assert [OTHER] == behind.due()
    behind.taken({OTHER})
    assert ([], False) == (behind.due(), bool(behind))


def test_one_whose_time_is_over_is_the_schedulers():
    """It is forgotten here."""
    behind = RunsBehind()
    behind.add(ONE, seconds=0)
    behind.add(OTHER)

    assert [OTHER] == behind.due()
