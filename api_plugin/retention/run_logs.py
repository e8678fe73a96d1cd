"""Deletes the log files of runs, where Airflow writes them by its own template: a folder for each run.

Remote logs are left to the retention of where they are.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import structlog
from airflow.configuration import conf

from api_plugin.airflow_state import RunKey

log = structlog.get_logger(__name__)


def delete_logs(runs: Iterable[RunKey]) -> None:
    """Delete the log folders of these runs; those that are not there are deleted already."""
    base = Path(conf.get_mandatory_value("logging", "base_log_folder")).resolve()
    for dag_id, run_id in runs:
        folder = (base / f"dag_id={dag_id}" / f"run_id={run_id}").resolve()
        # Ids are ours, but nothing outside of the log folder is ever deleted.
        if base not in folder.parents or not folder.is_dir():
            continue
        try:
            shutil.rmtree(folder)
        except OSError as error:
            log.warning("logs not deleted", folder=str(folder), error=type(error).__name__)
