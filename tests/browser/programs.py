"""The programs that tests of forms need beside Python: Node with its packages, and Chromium.

`scripts/install dev` brings them where it can. Where one is missing, a test is skipped; in continuous integration
(`CI` is set) it fails.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def node() -> str:
    """The command of Node, its packages being there."""
    found = shutil.which("node")
    if found is None or not (HERE / "node_modules" / ".installed").exists():
        _missing("Node 20 or newer with npm, then run: scripts/install dev")
    return found


def chromium() -> str:
    """The command of Chromium or Chrome."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        _missing("Chromium (Debian: apt install chromium), or name it: CHROMIUM=/path/to/chromium")
    return found


def _missing(what: str) -> NoReturn:
    message = f"this test needs {what}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
