"""What a result depends on: the machine, the versions, the commit."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from pao_local.git import git


def describe(root: Path) -> dict[str, Any]:
    """Versions, the project's commit, cores, memory, and how busy the machine is with other things just now."""
    return {
        "python": platform.python_version(),
        "airflow": version("apache-airflow"),
        "http_provider": version("apache-airflow-providers-http"),
        "commit": git("-C", root, "rev-parse", "HEAD"),
        "changed_since_commit": bool(git("-C", root, "status", "--porcelain", "--untracked-files=no")),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_average_before": os.getloadavg()[0],
    }
