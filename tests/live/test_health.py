"""Whether the platform works, as probes, people and operators ask."""

from __future__ import annotations

import pytest

from tests.live.portal import Portal


@pytest.mark.parametrize(("path", "answer"), [("/health", {"status": "alive"}), ("/health/ready", {"status": "ready"})])
def test_probes_need_no_sign_in(portals: dict[str, Portal], path, answer):
    """Kubernetes asks without a token."""
    response = portals["nobody"].http.get(path)

    assert (200, answer) == (response.status_code, response.json())


def test_health_tells_strangers_the_status_alone(portals: dict[str, Portal]):
    """What is wrong where is for those who are signed in."""
    # Targets that other tests made ill are left alone for a while.
    assert portals["nobody"].get("/health") in ({"status": "healthy"}, {"status": "degraded"})


def test_health_tells_callers_each_check(developer: Portal):
    """Each part with its status and how long looking at it took."""
    health = developer.get("/health")

    assert {"database", "scheduler", "triggerer", "dag_processor", "catalog", "targets"} == health["checks"].keys()
    targets = health["checks"].pop("targets")
    assert {"healthy"} == {check["status"] for check in health["checks"].values()}
    assert health["status"] == targets["status"]
    assert all(check["seconds"] < 1 for check in health["checks"].values())
