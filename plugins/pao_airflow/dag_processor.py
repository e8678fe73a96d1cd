"""`pao dag-processor`: Airflow's DAG processor, thinly subclassed for versioned bundles of many small files.

Three things differ. It forgets the versioned file of a callback once that has run: Airflow 3.3.2 parses such a file in
a loop until it restarts (https://github.com/apache/airflow/issues/73432). It drops the callback requests that every
task ended by a trigger queues, where the task can have no callback: each would start a process for nothing. And it
parses what a commit changed before what waits already: Airflow's own looks for changed files only when its queue is
empty, and misses one for `min_file_process_interval` that changed while it was being parsed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow.callbacks.callback_requests import CallbackRequest, TaskCallbackRequest
from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager
from airflow.dag_processing.processor import DagFileProcessorProcess
from airflow.jobs.dag_processor_job_runner import DagProcessorJobRunner
from airflow.jobs.job import Job, run_job
from airflow.utils.process_utils import set_component_mp_start_method
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

if TYPE_CHECKING:
    from airflow.dag_processing.bundles.base import BaseDagBundle

COMPILED_BUNDLE = "catalog_compiler.airflow.bundle.CatalogBundle"


class PaoDagFileProcessorManager(DagFileProcessorManager):
    """See the module's docstring."""

    def __init__(self, **kwargs: Any) -> None:
        """Know no file yet."""
        super().__init__(**kwargs)
        self._seen_times: dict[DagFileInfo, int] = {}
        self._again: set[DagFileInfo] = set()

    def _refresh_dag_bundles(self, known_files: dict[str, set[DagFileInfo]]) -> None:
        """Refresh bundles that are due; of compiled ones that changed, queue the changed files in front."""
        before = dict(self._bundle_versions)
        super()._refresh_dag_bundles(known_files)
        for name in self._compiled_bundles():
            if self._bundle_versions.get(name) != before.get(name):
                self._queue_changed(known_files.get(name, set()))

    def _queue_changed(self, files: Iterable[DagFileInfo]) -> None:
        times = {file: time for file in files if (time := _time(file)) is not None}
        changed = [file for file, time in times.items() if self._seen_times.get(file, time) != time]
        self._seen_times.update(times)
        self._again |= self._processors.keys() & set(changed)
        self._add_files_to_queue([file for file in changed if file not in self._processors], mode="front")
        self._resort_file_queue()  # type: ignore[no-untyped-call]  # Airflow's own; callbacks stay in front

    def prepare_callback_bundle(self, request: CallbackRequest) -> BaseDagBundle | None:
        """None for what needs no run: compiled tasks have no callbacks of their own, their DAG runs have."""
        if isinstance(request, TaskCallbackRequest) and request.bundle_name in self._compiled_bundles():
            return None
        return super().prepare_callback_bundle(request)

    def handle_parsing_result(self, file: DagFileInfo, proc: DagFileProcessorProcess, **kwargs: Any) -> None:
        """Take the result, and forget a file that was only there for its version's callbacks.

        What changed while it was being parsed is parsed once more.
        """
        super().handle_parsing_result(file, proc, **kwargs)
        if file.bundle_version is not None:
            self._file_stats.pop(file, None)
        if file in self._again:
            self._again.discard(file)
            self._add_files_to_queue([file], mode="front")

    def _compiled_bundles(self) -> set[str]:
        return {
            bundle.name
            for bundle in self._dag_bundles
            if f"{type(bundle).__module__}.{type(bundle).__qualname__}" == COMPILED_BUNDLE
        }


def _time(file: DagFileInfo) -> int | None:
    """When the file changed, in nanoseconds; None where it has been removed meanwhile."""
    try:
        return file.absolute_path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


@providers_configuration_loaded
def run(bundle_names: list[str] | None) -> None:
    """Do what Airflow's own command does, but for the class."""
    set_component_mp_start_method("dag_processor")
    manager = PaoDagFileProcessorManager(max_runs=-1, bundle_names_to_parse=bundle_names)
    runner = DagProcessorJobRunner(job=Job(), processor=manager)
    run_job(job=runner.job, execute_callable=runner._execute)  # noqa: SLF001 - as Airflow's own command does
