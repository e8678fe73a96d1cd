"""What health tells of the processes and of the catalogs: what is wrong, and since when."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from airflow.jobs.job import Job
from airflow.models.dagbundle import DagBundleModel
from sqlalchemy import update

from api_plugin.breakers import note_breakers
from api_plugin.catalog_health import INTERVALS_MISSED, SLACK, refresh_intervals
from api_plugin.clock import utc_now
from api_plugin.datamodels.health import BreakerBody
from api_plugin.health import check_health, for_caller, is_ready
from api_plugin.permissions import ROLES
from api_plugin.store.catalog import Catalog
from api_plugin.store.targets import Breaker
from tests.api_plugin.conftest import a_caller

NOW = utc_now()
EARLIER, BEFORE = NOW - dt.timedelta(hours=2), NOW - dt.timedelta(hours=1)
AWAY = "the repository does not answer"


@pytest.fixture
def processes(session):
    """Airflow's processes, all heard of just now, and nothing else that a test before left."""
    session.query(Job).delete()
    for kind in ("SchedulerJob", "TriggererJob", "DagProcessorJob"):
        job = Job()
        job.job_type, job.latest_heartbeat, job.end_date = kind, utc_now(), None
        session.add(job)
    session.commit()
    yield
    session.rollback()
    session.query(Job).delete()
    session.commit()


@pytest.fixture
def configured(monkeypatch):
    """Airflow looks at the repository of these catalogs every ten seconds."""
    bundles = [
        {"name": name, "classpath": "catalog_compiler.airflow.bundle.CatalogBundle", "kwargs": {"refresh_interval": 10}}
        for name in ("default", "staging")
    ]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundles))


def catalog(session, name="default", **values):
    known = {"commit": "c0ffee", "refreshed_at": utc_now()} | values
    session.add(Catalog(name=name, tracking_ref="main", categories=[], problems=[], **known))
    session.commit()


def found(session):
    check = check_health(session).checks["catalog"]
    return check.status, check.detail, check.since


def test_all_is_well(session, processes, configured):
    """The whole is as well as its worst part."""
    catalog(session)

    answer = check_health(session)

    assert {"healthy"} == {answer.status, *(check.status for check in answer.checks.values())}
    assert is_ready(session)


def test_nothing_is_well_before_the_first_catalog(session, processes):
    """A row that says why there is none does not count as one."""
    catalog(session, commit=None, failing_since=BEFORE, failure=AWAY)

    assert "unhealthy" == found(session)[0] == check_health(session).status
    assert not is_ready(session)


def test_every_failing_catalog_is_named(session, processes, configured):
    """What is served meanwhile, and since when the first fails."""
    catalog(session, "default", failing_since=BEFORE, failure=AWAY)
    catalog(session, "staging", failing_since=EARLIER, failure="no such branch")
    catalog(session, "new", commit=None, failing_since=BEFORE, failure=AWAY)
    catalog(session, "sound")

    expected = [
        f"catalog 'default' is served as last published: {AWAY}",
        f"catalog 'new' has not been published yet: {AWAY}",
        "catalog 'staging' is served as last published: no such branch",
    ]
    assert ("degraded", "; ".join(expected), EARLIER) == found(session)
    assert "degraded" == check_health(session).status


def test_a_catalog_that_nobody_looks_at_any_more_is_told(session, processes, configured):
    """After some intervals, since a look may take its time."""
    limit = INTERVALS_MISSED * dt.timedelta(seconds=10) + SLACK
    late = utc_now() - limit - dt.timedelta(minutes=1)
    catalog(session, "default", refreshed_at=late)
    catalog(session, "staging", refreshed_at=utc_now() - limit + dt.timedelta(minutes=1))

    status, detail, since = found(session)

    assert ("degraded", late) == (status, since)
    assert detail.startswith("catalog 'default' is served as last published: its repository was not looked at for ")
    assert "staging" not in detail


def test_a_catalog_that_is_no_longer_configured_is_nobodys_trouble(session, processes, configured):
    """Nor is it something to serve."""
    session.add(DagBundleModel(name="default"))
    session.flush()
    session.get(DagBundleModel, "default").active = False
    catalog(session, failing_since=BEFORE, failure=AWAY)
    assert not is_ready(session)
    catalog(session, "staging")

    assert ("healthy", None, None) == found(session)


def test_each_catalog_has_its_interval(monkeypatch):
    """Its bundle's own, or Airflow's."""
    bundles = [{"name": "a", "kwargs": {"refresh_interval": 5}}, {"name": "b", "kwargs": {}}, {"name": "c"}]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundles))
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL", "300")

    assert {"a": 5.0, "b": 300.0, "c": 300.0} == refresh_intervals()


def test_a_process_that_fell_silent_is_told(session, processes, configured):
    """With when it was last heard of."""
    catalog(session)
    session.query(Job).filter(Job.job_type == "TriggererJob").update({"latest_heartbeat": BEFORE})
    session.commit()

    check = check_health(session).checks["triggerer"]

    assert ("unhealthy", BEFORE) == (check.status, check.since)


def ill(session, *targets, state="open"):
    told = [BreakerBody(target=target, state=state, at=BEFORE, failures=10) for target in targets]
    note_breakers(session, "triggerer-0", told)
    session.execute(update(Breaker).values(changed_at=utc_now()))
    session.commit()


@pytest.mark.parametrize(
    ("number", "named"),
    [(1, "0.example:443 since {0}"), (2, "0.example:443 since {0}, 1.example:443 since {0}")],
)
def test_targets_that_are_left_alone_are_named(session, processes, configured, number, named):
    """The platform works, though not all that it should: degraded."""
    catalog(session)
    ill(session, *[f"{each}.example:443" for each in range(number)])
    ill(session, "sound.example:443", state="closed")

    answer = check_health(session)

    check = answer.checks["targets"]
    why = "left alone, because calls found them out of reach, without an answer in time or answering 5xx: "
    assert ("degraded", "degraded", BEFORE) == (answer.status, check.status, check.since)
    assert why + named.format(f"{BEFORE:%Y-%m-%d %H:%M:%S} UTC") == check.detail


def test_very_many_targets_are_counted(session, processes, configured):
    """The first of them are named."""
    catalog(session)
    ill(session, *[f"{each:03}.example:443" for each in range(100)])

    detail = check_health(session).checks["targets"].detail

    assert ("009.example:443" in detail, "010.example:443" in detail) == (True, False)
    assert detail.endswith(" UTC and 90 more")


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (None, None),
        (a_caller(*ROLES["PAO Developer"]), "some targets are left alone; operators see which"),
        (a_caller(*ROLES["PAO Monitoring"]), "0.example:443"),
        (a_caller(*ROLES["PAO Operator"]), "0.example:443"),
    ],
)
def test_names_of_targets_are_for_operators(session, processes, configured, caller, expected):
    """Everybody else learns that there are some."""
    catalog(session)
    ill(session, "0.example:443")

    shown = for_caller(check_health(session), caller)

    assert "degraded" == shown.status
    assert expected is None if shown.checks is None else expected in shown.checks["targets"].detail


def test_who_may_not_know_the_names_learns_of_none_where_all_is_well(session, processes, configured):
    """Nothing is said of targets then."""
    catalog(session)

    assert for_caller(check_health(session), a_caller()).checks["targets"].detail is None
