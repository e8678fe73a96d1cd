"""Of the operations on requests."""

from __future__ import annotations

from typing import Any

from api_plugin.answer_examples.things import ID, LINKS, REQUEST, USER

EXAMPLES: dict[str, Any] = {
    "create_request": {
        **REQUEST,
        "status": "queued",
        "timeline": REQUEST["timeline"][:3],
        "outputs": {},
        "actions": [],
    },
    "list_requests": {
        "items": [
            {
                "id": ID,
                "item_id": "database-postgresql",
                "item_version": "1.0.0",
                "catalog": "default",
                "status": "in_progress",
                "mode": "automatic",
                "user": USER,
                "created_at": "2026-03-01T09:00:00Z",
                "updated_at": "2026-03-01T09:00:02Z",
                "ended_at": None,
                "error": None,
                "links": LINKS,
            }
        ],
        "next_cursor": None,
    },
    "show_request": REQUEST,
    "cancel_request": {
        **REQUEST,
        "status": "cancelling",
        "timeline": [
            *REQUEST["timeline"],
            {"status": "cancelling", "at": "2026-03-01T09:00:05Z", "by": "dana"},
        ],
        "rollback": {"status": "rolling_back", "started_at": "2026-03-01T09:00:05Z", "actions": ["database"]},
    },
    "show_status": {
        "id": ID,
        "status": "in_progress",
        "progress": {"done": 1, "total": 4, "percent": 25},
        "current_action": "owner",
        "queue": None,
        "updated_at": "2026-03-01T09:00:02Z",
        "error": None,
    },
    "show_outputs": {
        "request_id": ID,
        "action": "database",
        "outputs": {"id": "db-70543b08", "password": "correct horse battery staple"},
    },
}
