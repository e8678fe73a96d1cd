"""The programs that tests of forms need beside Python: Node with its packages, and Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.outside_programs import NODE, missing

HERE = Path(__file__).parent
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def node() -> str:
    """The command of Node, its packages being there."""
    found = shutil.which("node")
    if found is None or not (HERE / "node_modules" / ".installed").exists():
        missing(NODE)
    return found


def chromium() -> str:
    """The command of Chromium or Chrome."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        missing("Chromium (Debian: apt install chromium), or name it: CHROMIUM=/path/to/chromium")
    return found
