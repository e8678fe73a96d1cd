"""Of the operations on the catalog."""

from __future__ import annotations

from typing import Any

from api_plugin.answer_examples.things import COMMIT, REVISION

_SUMMARY = {
    "id": "database-postgresql",
    "name": "PostgreSQL database",
    "description": "A managed PostgreSQL with an owner account and a DNS name.",
    "version": "1.0.0",
    "category": "databases",
    "owner": "platform-databases",
    "tags": ["postgresql"],
    "sla": {"provisioning_time": "30 minutes", "support_level": "tier-1"},
    "modes": ["automatic", "manual"],
    "revision": REVISION,
    "status": "available",
}
_CATALOG = {"items": [_SUMMARY], "total": 1, "next_cursor": None, "commit": COMMIT}
_PROBLEM = {
    "code": "unknown-field-reference",
    "severity": "error",
    "message": "'fields.databse_name' is not a field of this item",
    "file": "catalog/databases/postgresql.yaml",
    "line": 42,
    "column": 20,
    "pointer": "/fulfillment/automatic/actions/0/config/url",
    "item_id": "database-postgresql",
    "hint": "did you mean 'fields.database_name'?",
}
_VALIDATION: dict[str, Any] = {"valid": False, "commit": COMMIT, "errors": [_PROBLEM], "warnings": []}

EXAMPLES: dict[str, Any] = {
    "list_catalog": _CATALOG,
    "list_category": _CATALOG,
    "show_validation": {
        **_VALIDATION,
        "invalid": [{"item_id": "database-postgresql", "served_revision": REVISION}],
    },
    "show_item_validation": {**_VALIDATION, "served_revision": REVISION},
    "list_commits": {
        "commits": [
            {
                "commit": COMMIT,
                "author": "Dana Dev <dev@example.com>",
                "message": "Offer PostgreSQL 17",
                "committed_at": "2026-03-01T08:54:00Z",
                "published_at": "2026-03-01T08:55:00Z",
                "added": [],
                "changed": ["database-postgresql"],
                "removed": [],
                "invalid": [],
            }
        ],
        "next_cursor": None,
    },
    "show_item": {
        "header": {key: _SUMMARY[key] for key in ("id", "name", "description", "version", "category", "owner", "tags")},
        "presentation": {
            "groups": [
                {
                    "id": "basics",
                    "name": "Basics",
                    "order": 1,
                    "fields": [{"id": "database_name", "name": "Name", "type": "string", "order": 1, "required": True}],
                }
            ]
        },
        "actions": {
            "automatic": [{"name": "database", "type": "rest-api", "description": "Creates the database."}],
            "manual": [{"name": "ticket", "type": "rest-api", "description": "Opens a ticket."}],
        },
        "modes": ["automatic", "manual"],
        "revision": REVISION,
        "status": "available",
        "source": {
            "file": "catalog/databases/postgresql.yaml",
            "commit": COMMIT,
            "author": "Dana Dev <dev@example.com>",
            "time": "2026-03-01T08:54:00Z",
        },
    },
    "show_schema": {
        "id": "database-postgresql",
        "version": "1.0.0",
        "revision": REVISION,
        "schema": {
            "type": "object",
            "properties": {"database_name": {"type": "string", "title": "Name", "minLength": 3}},
            "required": ["database_name"],
        },
        "ui_schema": {"ui:order": ["database_name", "*"]},
        "form_props": {"omitExtraData": True, "liveOmit": True},
    },
    "preview_request": {
        "id": "database-postgresql",
        "version": "1.0.0",
        "revision": REVISION,
        "mode": "automatic",
        "actions": [
            {
                "name": "database",
                "type": "rest-api",
                "description": "Creates the database.",
                "depends_on": [],
                "skipped": False,
                "config": {
                    "method": "POST",
                    "url": "***/v1/databases",
                    "headers": {"Authorization": "Bearer ***"},
                    "body_template": '{"name": "orders", "password": "***"}',
                },
                "error": None,
                "rollback": {
                    "type": "rest-api",
                    "config": {"method": "DELETE", "url": "***/v1/databases/<response.database.id>"},
                    "error": None,
                },
                "resources": [
                    {
                        "type": "postgresql-database",
                        "id": "<response.database.id>",
                        "name": "orders",
                        "attributes": {"host": "<response.database.host>"},
                        "error": None,
                    }
                ],
            }
        ],
    },
}
