"""The DAG processor does nothing for callbacks that no compiled task has, forgets files of pinned versions, and parses
what a commit changed first.
"""

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
from tests.catalog_compiler.airflow.conftest import Origin
from tests.items import item_file


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


@pytest.fixture
def following(manager, session, tmp_path):
    """Commits files, refreshes as the manager's loop does, and tells what waits to be parsed, first things first."""
    manager.sync_bundles()
    # The other bundle has whatever files are about.
    manager._dag_bundles = [bundle for bundle in manager._dag_bundles if bundle.name == "default"]  # noqa: SLF001
    origin = Origin(tmp_path / "origin")
    known: dict[str, set[DagFileInfo]] = {}

    def follow(files):
        origin.commit({f"catalog/{name}.yaml": text for name, text in files.items()})
        manager.request_bundle_refresh("default")
        manager._refresh_dag_bundles(known)  # noqa: SLF001
        return waiting(manager)

    return follow


def waiting(manager):
    return [file.rel_path.stem for file in manager._file_queue]  # noqa: SLF001


def parsed(manager, name):
    """Take a file from the queue, and give back what takes its result."""
    file = next(file for file in manager._file_queue if file.rel_path.stem == name)  # noqa: SLF001
    manager._file_queue.pop(file)  # noqa: SLF001
    process = SimpleNamespace(had_callbacks=False, parsing_result=None, start_time=time.monotonic())
    manager._processors[file] = process  # noqa: SLF001

    def done(session):
        del manager._processors[file]  # noqa: SLF001
        manager.handle_parsing_result(file, process, session=session)

    return done


def item(name, version="1.0.0"):
    return item_file(name, header={"version": version})


def test_what_a_commit_changed_is_parsed_before_what_waits(following, manager, session):
    """Airflow's own would look for it when its queue is empty: minutes later where a thousand items were pushed."""
    assert {"a", "b", "c"} == set(following({name: item(name) for name in "abc"}))
    parsed(manager, "b")(session)

    assert ["b"] == following({"b": item("b", "2.0.0")})[:1]
    assert {"a", "b", "c"} == set(waiting(manager))


def test_what_changed_while_it_was_being_parsed_is_parsed_again(following, manager, session):
    """The result may be of what it was before; the next look would come an hour later."""
    following({"a": item("a")})
    done = parsed(manager, "a")

    assert [] == following({"a": item("a", "2.0.0")})
    done(session)
    assert ["a"] == waiting(manager)

    parsed(manager, "a")(session)
    assert [] == waiting(manager)


def test_what_a_commit_left_alone_is_not_parsed_again(following, manager, session):
    """Each costs a process of a fifth of a second."""
    following({"a": item("a"), "b": item("b")})
    for name in ("a", "b"):
        parsed(manager, name)(session)

    assert ["b"] == following({"b": item("b", "2.0.0")})
    assert ["b", "c"] == sorted(following({"c": item("c")}))
