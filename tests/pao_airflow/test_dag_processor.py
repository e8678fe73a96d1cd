"""The DAG processor does nothing for callbacks that no compiled task has, and forgets files of pinned versions."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.callbacks.callback_requests import DagCallbackRequest, TaskCallbackRequest
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.manager import DagFileInfo, DagFileStat
from pao_airflow.dag_processor import COMPILED_BUNDLE, PaoDagFileProcessorManager

from catalog_compiler.airflow.bundle import CatalogBundle


@pytest.fixture
def manager(database, monkeypatch, tmp_path):
    """The manager of a compiled bundle and of one of Airflow's own."""
    bundles = [
        {
            "name": "default",
            "classpath": COMPILED_BUNDLE,
            "kwargs": {"tracking_ref": "main", "repo_url": str(tmp_path / "origin")},
        },
        {
            "name": "platform",
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(tmp_path)},
        },
    ]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundles))
    manager = PaoDagFileProcessorManager(max_runs=1)
    manager._dag_bundles = list(DagBundlesManager().get_all_dag_bundles())  # noqa: SLF001 - as its own run does
    return manager


def a_request(kind, bundle):
    """A callback request, as far as choosing its bundle needs it."""
    return kind.model_construct(bundle_name=bundle, bundle_version=None, filepath="queue.py", msg=None)


@pytest.mark.parametrize(
    ("kind", "bundle", "runs"),
    [
        (TaskCallbackRequest, "default", False),
        (DagCallbackRequest, "default", True),
        (TaskCallbackRequest, "platform", True),
        (DagCallbackRequest, "platform", True),
    ],
)
def test_task_callbacks_of_compiled_bundles_are_dropped(manager, kind, bundle, runs):
    """Airflow queues one for every task that a trigger ends; each would start a process for nothing."""
    found = manager.prepare_callback_bundle(a_request(kind, bundle))

    assert (bundle if runs else None) == (found.name if found else None)


def test_a_compiled_bundle_is_known_by_its_class():
    """Named as Airflow's list of bundles names it; importing it here would cost every start a second."""
    assert COMPILED_BUNDLE == f"{CatalogBundle.__module__}.{CatalogBundle.__qualname__}"


@pytest.mark.parametrize(("version", "kept"), [(None, True), ("c0ffee", False)])
def test_a_file_of_a_pinned_version_is_forgotten(manager, session, version, kept):
    """Airflow would parse it in a loop until it restarts."""
    file = DagFileInfo(
        bundle_name="default", bundle_path=Path("/bundles"), rel_path=Path("queue.py"), bundle_version=version
    )
    manager._file_stats[file] = DagFileStat()  # noqa: SLF001
    process = SimpleNamespace(had_callbacks=True, parsing_result=None, start_time=time.monotonic())

    manager.handle_parsing_result(file, process, session=session)

    assert kept is (file in manager._file_stats)  # noqa: SLF001
