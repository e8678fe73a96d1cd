"""Times of the database are read in UTC, whatever zone it lives in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, text

from api_plugin.store.access import Audit


def test_a_time_is_read_in_utc_whatever_the_zone_of_the_database(session):
    """Also over the night in which its clocks change; what was written is the same moment."""
    moments = [dt.datetime(2027, 4, 4, hour, 30, tzinfo=dt.UTC) for hour in (1, 2, 3, 4)]
    session.execute(text("SET LOCAL TIME ZONE 'America/Santiago'"))
    session.add_all(
        Audit(at=at, actor="zones", action="a", target="t", outcome="o", address=None, correlation_id="c", detail={})
        for at in moments
    )
    session.flush()
    session.expire_all()
    found = session.scalars(select(Audit.at).where(Audit.actor == "zones").order_by(Audit.at)).all()

    assert moments == found
    assert {dt.UTC} == {at.tzinfo for at in found}
