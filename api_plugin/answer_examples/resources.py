"""Of the operations on resources."""

from __future__ import annotations

from typing import Any

from api_plugin.answer_examples.things import BASE, ID, USER

_ID = "5d0a6c1e-2f43-5b0e-9c55-1a3f0c2b7d44"
_RESOURCE: dict[str, Any] = {
    "id": _ID,
    "type": "postgresql-database",
    "identifier": "db-7f3a",
    "name": "orders",
    "attributes": {"environment": "development", "host": "orders.db.example.com", "port": 5432, "storage_gb": 20},
    "state": "active",
    "note": None,
    "owner": "platform-databases",
    "user": USER,
    "catalog": "default",
    "item_id": "database-postgresql",
    "action": "database",
    "request_id": ID,
    "created_at": "2026-03-01T09:00:02Z",
    "released_at": None,
    "links": {"self": f"{BASE}/api/v1/resources/{_ID}", "request": f"{BASE}/api/v1/requests/{ID}"},
}

EXAMPLES: dict[str, Any] = {
    "list_resources": {"items": [_RESOURCE], "next_cursor": None},
    "show_resource": _RESOURCE,
}
