"""What a test does where a program is missing that `scripts/install dev` brings where it can.

It is skipped; in continuous integration (`CI` is set) it fails, so that nothing passes there unseen.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

NODE = "Node 20 or newer with npm, then run: scripts/install dev"


def missing(what: str) -> NoReturn:
    """End the test; `what` says what to install, and how."""
    message = f"this test needs {what}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
