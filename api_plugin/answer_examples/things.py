"""The request, the user and the commit that the examples tell of."""

from __future__ import annotations

from typing import Any

ID = "0b9c3a52-8a5e-4a8f-9d0f-6b7f6b1f2a10"
BASE = "https://platform.example.com"
REVISION = "3f2a1c5f0d7be19c5f0a4d8b0a2f7e66c1f4b8d91e7a3c5d2b6f8091a2c3d4e5"
COMMIT = "9fceb02d0ae598e95dc970b74767f19372d61af8"
USER = {"email": "dev@example.com", "name": "Dana Dev", "organization": "Example"}
LINKS = {
    "self": f"{BASE}/api/v1/requests/{ID}",
    "status": f"{BASE}/api/v1/requests/{ID}/status",
    "logs": f"{BASE}/api/v1/requests/{ID}/logs",
    "events": f"wss://platform.example.com/ws/requests/{ID}/status",
}
REQUEST: dict[str, Any] = {
    "id": ID,
    "item_id": "database-postgresql",
    "item_version": "1.0.0",
    "revision": REVISION,
    "catalog": "default",
    "status": "in_progress",
    "mode": "automatic",
    "fields": {"database_name": "orders", "environment": "development", "admin_password": "***"},
    "comment": None,
    "user": USER,
    "timeline": [
        {"status": "submitted", "at": "2026-03-01T09:00:00Z", "by": "dana"},
        {"status": "validated", "at": "2026-03-01T09:00:00Z", "by": None},
        {"status": "queued", "at": "2026-03-01T09:00:00Z", "by": None},
        {"status": "in_progress", "at": "2026-03-01T09:00:01Z", "by": None},
    ],
    "actions": [
        {
            "name": "database",
            "mode": "automatic",
            "type": "rest-api",
            "status": "completed",
            "attempt": 1,
            "max_attempts": 4,
            "started_at": "2026-03-01T09:00:01Z",
            "ended_at": "2026-03-01T09:00:02Z",
            "outputs": {"id": "db-70543b08", "status_code": 201},
            "error": None,
            "url": None,
        }
    ],
    "outputs": {"database": {"id": "db-70543b08", "status_code": 201}},
    "warnings": [],
    "error": None,
    "rollback": None,
    "queue": None,
    "parent_id": None,
    "airflow_url": f"{BASE}/dags/default.database-postgresql/runs/{ID}",
    "links": LINKS,
}
