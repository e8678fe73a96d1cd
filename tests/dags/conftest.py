"""The API as a server that answers what it is told."""

from __future__ import annotations

from tests.pao_actions.conftest import target  # noqa: F401 - a fixture for these tests too
