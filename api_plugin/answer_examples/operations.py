"""Of what persons do with a request that exists."""

from __future__ import annotations

from typing import Any

from api_plugin.answer_examples.things import ID, REQUEST

_AGAIN = {"status": "queued", "at": "2026-03-01T09:20:00Z", "by": "dana"}

EXAMPLES: dict[str, Any] = {
    "retry_request": {
        **REQUEST,
        "id": "0198c0de-0000-7000-8000-000000000002",
        "status": "queued",
        "timeline": [*REQUEST["timeline"][:2], _AGAIN],
        "outputs": {},
        "actions": [],
        "parent_id": ID,
    },
    "roll_back_request": {
        **REQUEST,
        "status": "rolling_back",
        "timeline": [*REQUEST["timeline"], {"status": "rolling_back", "at": "2026-03-01T09:20:00Z", "by": "dana"}],
        "rollback": {"status": "rolling_back", "started_at": "2026-03-01T09:20:00Z", "actions": ["database"]},
    },
    "escalate_request": {
        **REQUEST,
        "status": "in_progress",
        "timeline": [*REQUEST["timeline"], {"status": "in_progress", "at": "2026-03-01T09:20:00Z", "by": "dana"}],
    },
}
