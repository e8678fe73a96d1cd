"""What needs the database is put off while it is away."""

from __future__ import annotations

import pytest
from pao_airflow import outage
from pao_airflow.outage import Outage, is_away
from sqlalchemy.exc import InterfaceError, OperationalError


class RefusedError(Exception):
    """As the driver raises it."""

    def __init__(self, code):
        super().__init__("FATAL: no")
        self.pgcode = code


@pytest.mark.parametrize(
    ("code", "away"),
    [
        (None, True),
        ("08006", True),
        ("53300", True),
        ("57P01", True),
        ("57P03", True),
        ("40P01", False),
        ("55P03", False),
        ("57014", False),
    ],
)
def test_a_database_that_refuses_one_statement_is_not_away(code, away):
    """A deadlock, a lock that took too long and a cancelled statement say nothing of the others."""
    assert away == is_away(OperationalError("SELECT 1", {}, RefusedError(code)))
    assert is_away(InterfaceError("SELECT 1", {}, RefusedError(code)))


def test_what_needs_it_waits_for_a_moment(monkeypatch):
    """Other mistakes are not hidden."""
    now = [100.0]
    monkeypatch.setattr(outage.time, "monotonic", lambda: now[0])
    away = Outage()

    assert away.rest == 0
    with away.survived():
        raise OperationalError("SELECT 1", {}, RefusedError(None))
    assert outage.AGAIN_SECONDS == away.rest
    now[0] += outage.AGAIN_SECONDS
    assert away.rest == 0
    with pytest.raises(ZeroDivisionError), away.survived():
        raise ZeroDivisionError
