"""The parts that measure the fast path, on a platform that does at once what it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import crowd
from bench.contenders import CONTENDERS
from bench.crowd import WAITING, measure_crowds
from bench.fast import measure_fast
from bench.flood import measure_flood
from bench.growth import measure_growth
from bench.recorder import recording
from bench.ways import HANDWRITTEN_STEPS, HANDWRITTEN_WORKERS
from tests.bench.small_platform import STEPS_DAG, SmallPlatform, small_platform

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[SmallPlatform]:
    with recording() as recorder, small_platform(tmp_path, recorder) as made:
        yield made


def test_each_way_has_its_turns_on_its_own_triggerer(platform: SmallPlatform):
    """The first round of each turn does not count; on Airflow's triggerer there are fewer."""
    found = measure_fast(platform, rounds=8)

    assert ["triggerer", "triggerer-2", "triggerer", "triggerer-2"] == platform.triggerers
    assert [8, 8, 2, 2] == [found.ways[each.name].whole.count for each in CONTENDERS]
    assert [16, 16, 4, 4] == [found.ways[each.name].added.count for each in CONTENDERS]
    assert {HANDWRITTEN_WORKERS: 10, HANDWRITTEN_STEPS: 4, STEPS_DAG: 14} == platform.submitted


def test_a_flood_is_a_tenth_for_what_it_is_compared_with(platform: SmallPlatform):
    """Their rate is what counts."""
    found = measure_flood(platform, runs=20, timeout=60)

    assert [20, 2, 2, 2] == [found.ways[each.name].runs for each in CONTENDERS]
    assert ["triggerer", "triggerer-2"] == platform.triggerers


def test_growth_completes_what_is_missing_at_each_stage(platform: SmallPlatform):
    """What was measured at the stage before counts as well."""
    found = measure_growth(platform, requests=50, alone=2)

    assert [1, 10, 25, 50] == [stage.requests for stage in found.stages]
    assert {STEPS_DAG: 53} == platform.submitted


def test_a_crowd_grows_to_its_size(platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch):
    """Those that wait already stay; the smallest first, whatever the order they are given in."""
    monkeypatch.setattr(crowd, "REST", 0.0)

    found = measure_crowds(platform, [5, 3], alone=1, idle_seconds=0.1)

    assert [0, 3, 5] == [each.waiting for each in found.crowds]
    assert {f"default.{WAITING}": 5, STEPS_DAG: 6} == platform.submitted
    assert {"scheduler", "triggerer"} <= found.cores.keys()
    assert len(list(found.targets())) == 6
