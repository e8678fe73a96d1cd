"""Installs the action types of the live tests as another package's are: by an entry point, on the stack's path."""

from __future__ import annotations

import shutil
from pathlib import Path

ENTRY_POINTS = """\
[pao.actions]
live-job = pao_live_types:Job
live-process = pao_live_types:Process
"""


def install_types(folder: Path) -> Path:
    """Put the package there; gives the folder for PYTHONPATH."""
    about = folder / "pao_live_types-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pao-live-types\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    shutil.copy(Path(__file__).with_name("pao_live_types.py"), folder)
    return folder
