"""What Prometheus reads: the states of requests, actions, items, catalogs and targets, by few queries."""

from __future__ import annotations

import datetime as dt

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from sqlalchemy import event, text

from api_plugin.breakers import note_breakers
from api_plugin.clock import utc_now
from api_plugin.datamodels.health import BreakerBody
from api_plugin.metrics import MetricsCache, requests_query
from api_plugin.permissions import ROLES, Permission
from api_plugin.projection import bring_up_to_date
from api_plugin.store.catalog import Catalog, WebhookDelivery
from tests.api_plugin.conftest import a_caller
from tests.items import action, compiled_item

OPERATOR = a_caller(*ROLES["PAO Operator"])
MONITORING = a_caller(*ROLES["PAO Monitoring"])
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
ITEM = compiled_item("queue", action("a"), action("b"))


@pytest.fixture
def busy(world):
    """A catalog with a problem, a queued and a running request, one that failed, a dead target, and a delivery."""
    world.publish(ITEM)
    world.parse(ITEM)
    _, running, failed = [world.order(fields={"name": name}) for name in "abc"]
    world.run(running, "running")
    world.task(running, "a", "success")
    world.run(failed, "failed")
    world.task(failed, "a", "failed")
    bring_up_to_date(world.session, [running.id, failed.id])
    catalog = world.session.get(Catalog, "default")
    catalog.problems = [{"severity": "error"}, {"severity": "error"}, {"severity": "warning"}]
    catalog.failing_since, catalog.failure = utc_now(), "away"
    catalog.refreshed_at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    now = utc_now()
    told = [
        BreakerBody(target="dead.example:443", state="open", at=now, failures=10),
        BreakerBody(target="sound.example:443", state="closed", at=now, failures=0),
        BreakerBody(target="old.example:443", state="open", at=now - dt.timedelta(hours=1), failures=10),
    ]
    note_breakers(world.session, "triggerer-0", told)
    world.session.add(WebhookDelivery(digest="0", host="github", received_at=now))
    world.session.commit()
    return world


def samples(body, read=read_text):
    """Each sample's value, by its name and labels."""
    families = list(read(body))
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value for family in families for sample in family.samples
    }


def test_everything_is_told(busy, portal):
    """By the names that dashboards rest on."""
    answer = portal("GET", "/metrics", MONITORING)
    found = samples(answer.text)

    assert 200 == answer.status_code
    expected = {
        ("pao_requests", ("catalog", "default"), ("item", "queue"), ("status", "queued")): 1,
        ("pao_requests", ("catalog", "default"), ("item", "queue"), ("status", "in_progress")): 1,
        ("pao_catalog_items", ("catalog", "default"), ("state", "valid")): 1,
        ("pao_catalog_problems", ("catalog", "default"), ("severity", "error")): 2,
        ("pao_catalog_problems", ("catalog", "default"), ("severity", "warning")): 1,
        ("pao_catalog_failing", ("catalog", "default")): 1,
        ("pao_catalog_refreshed_timestamp_seconds", ("catalog", "default")): 1772323200,
        ("pao_target_left_alone", ("process", "triggerer-0"), ("target", "dead.example:443")): 1,
        ("pao_target_left_alone", ("process", "triggerer-0"), ("target", "sound.example:443")): 0,
        ("pao_target_left_alone", ("process", "triggerer-0"), ("target", "old.example:443")): 0,
        ("pao_webhook_deliveries", ("sender", "github")): 1,
        ("pao_health", ("check", "database"), ("status", "healthy")): 1,
        ("pao_health", ("check", "database"), ("status", "unhealthy")): 0,
        ("pao_health", ("check", "targets"), ("status", "degraded")): 1,
    }
    assert expected == {name: found.get(name) for name in expected}
    assert 6 == sum(value for name, value in found.items() if name[0] == "pao_actions")
    assert 0 < found["pao_oldest_request_seconds", ("status", "queued")] < 600
    assert {"pao_info", "pao_target_changed_timestamp_seconds"} <= {name[0] for name in found}


@pytest.mark.parametrize(
    ("accept", "content_type", "read"),
    [
        ("", "text/plain; version=", read_text),
        ("*/*", "text/plain; version=", read_text),
        ("text/plain", "text/plain; version=", read_text),
        (OPENMETRICS, "application/openmetrics-text; version=1", read_openmetrics),
        (f"{OPENMETRICS};q=0.5,text/plain;q=0.1", "application/openmetrics-text; version=1", read_openmetrics),
    ],
)
def test_the_format_is_the_one_that_is_asked_for(busy, portal, accept, content_type, read):
    """Prometheus asks for OpenMetrics first."""
    answer = portal("GET", "/metrics", OPERATOR, headers={"Accept": accept})

    assert answer.headers["content-type"].startswith(content_type)
    assert 1 == samples(answer.text, read)["pao_webhook_deliveries", ("sender", "github")]


@pytest.mark.parametrize("role", ["PAO Developer", "PAO Service"])
def test_who_does_not_operate_is_not_told(busy, portal, role):
    """Names of hosts and items are nobody else's."""
    answer = portal("GET", "/metrics", a_caller(*ROLES[role]))

    assert 403 == answer.status_code
    assert "lacks the permission 'GET PAO Operations'" in answer.json()["detail"]


def test_an_empty_platform_is_told_too(world, portal):
    """Before the first catalog."""
    assert 200 == portal("GET", "/metrics", OPERATOR).status_code


def test_few_queries_tell_it_and_none_again_for_a_while(busy):
    """Whoever scrapes, however often."""
    queries = []
    connection = busy.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *call: queries.append(call[2]))
    cache = MetricsCache(seconds=3600)

    first = cache.exposition(busy.session, "")
    asked = len(queries)

    assert first == cache.exposition(busy.session, "")
    assert (True, asked) == (asked <= 20, len(queries))


def test_requests_are_counted_from_an_index_alone(busy):
    """The table holds their values and states, which would all be read otherwise."""
    busy.session.execute(text("SET LOCAL enable_seqscan = off"))
    query = str(requests_query().compile(compile_kwargs={"literal_binds": True}))

    plan = "\n".join(row[0] for row in busy.session.execute(text(f"EXPLAIN {query}")))

    assert "Index Only Scan using ix_request_catalog_item_id_status" in plan
    assert Permission.OPERATIONS_READ in MONITORING.permissions
