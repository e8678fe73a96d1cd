"""Puts the flow into the work pool."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

flow.from_source(source=str(Path(__file__).parent), entrypoint="prefect_flow.py:three_calls").deploy(
    name="bench", work_pool_name="bench"
)
