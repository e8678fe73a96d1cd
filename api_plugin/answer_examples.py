"""An example of the answer of each operation, by the operation's name; a test checks each against its model."""

from __future__ import annotations

from typing import Any

_ID = "0b9c3a52-8a5e-4a8f-9d0f-6b7f6b1f2a10"
_BASE = "https://platform.example.com"
_REVISION = "3f2a1c5f0d7be19c5f0a4d8b0a2f7e66c1f4b8d91e7a3c5d2b6f8091a2c3d4e5"
_COMMIT = "9fceb02d0ae598e95dc970b74767f19372d61af8"
_USER = {"email": "dev@example.com", "name": "Dana Dev", "organization": "Example"}
_LINKS = {
    "self": f"{_BASE}/api/v1/requests/{_ID}",
    "status": f"{_BASE}/api/v1/requests/{_ID}/status",
    "events": f"wss://platform.example.com/ws/requests/{_ID}/status",
}
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
    "revision": _REVISION,
    "status": "available",
}
_CATALOG = {"items": [_SUMMARY], "total": 1, "next_cursor": None, "commit": _COMMIT}
_REQUEST: dict[str, Any] = {
    "id": _ID,
    "item_id": "database-postgresql",
    "item_version": "1.0.0",
    "revision": _REVISION,
    "catalog": "default",
    "status": "in_progress",
    "mode": "automatic",
    "fields": {"database_name": "orders", "environment": "development", "admin_password": "***"},
    "comment": None,
    "user": _USER,
    "timeline": [
        {"status": "submitted", "at": "2026-03-01T09:00:00Z"},
        {"status": "validated", "at": "2026-03-01T09:00:00Z"},
        {"status": "queued", "at": "2026-03-01T09:00:00Z"},
        {"status": "in_progress", "at": "2026-03-01T09:00:01Z"},
    ],
    "actions": [
        {
            "name": "database",
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
    "parent_id": None,
    "airflow_url": f"{_BASE}/dags/default.database-postgresql/runs/{_ID}",
    "links": _LINKS,
}
_CATALOG_STATE: dict[str, Any] = {
    "catalog": "default",
    "commit": _COMMIT,
    "refreshed_at": "2026-03-01T09:00:00Z",
    "published_at": "2026-03-01T08:55:00Z",
    "failure": None,
    "failing_since": None,
    "seq": 41,
    "commits": [],
    "pending": ["message-queue"],
    "waiting": [{"item_id": "message-queue", "reason": "Airflow has not parsed its DAG's new revision yet"}],
    "invalid": [],
    "problems": [],
    "reports": [],
}
_PUSH_TAKEN = {"catalogs": ["default"]}
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
_VALIDATION: dict[str, Any] = {"valid": False, "commit": _COMMIT, "errors": [_PROBLEM], "warnings": []}

EXAMPLES: dict[str, Any] = {
    "list_catalog": _CATALOG,
    "list_category": _CATALOG,
    "show_validation": {
        **_VALIDATION,
        "invalid": [{"item_id": "database-postgresql", "served_revision": _REVISION}],
    },
    "show_item_validation": {**_VALIDATION, "served_revision": _REVISION},
    "list_commits": {
        "commits": [
            {
                "commit": _COMMIT,
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
        "revision": _REVISION,
        "status": "available",
        "source": {
            "file": "catalog/databases/postgresql.yaml",
            "commit": _COMMIT,
            "author": "Dana Dev <dev@example.com>",
            "time": "2026-03-01T08:54:00Z",
        },
    },
    "show_schema": {
        "id": "database-postgresql",
        "version": "1.0.0",
        "revision": _REVISION,
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
        "revision": _REVISION,
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
            }
        ],
    },
    "create_request": {
        **_REQUEST,
        "status": "queued",
        "timeline": _REQUEST["timeline"][:3],
        "outputs": {},
        "actions": [],
    },
    "list_requests": {
        "items": [
            {
                "id": _ID,
                "item_id": "database-postgresql",
                "item_version": "1.0.0",
                "catalog": "default",
                "status": "in_progress",
                "mode": "automatic",
                "user": _USER,
                "created_at": "2026-03-01T09:00:00Z",
                "updated_at": "2026-03-01T09:00:02Z",
                "ended_at": None,
                "error": None,
                "links": _LINKS,
            }
        ],
        "next_cursor": None,
    },
    "show_request": _REQUEST,
    "show_status": {
        "id": _ID,
        "status": "in_progress",
        "progress": {"done": 1, "total": 4, "percent": 25},
        "current_action": "owner",
        "updated_at": "2026-03-01T09:00:02Z",
        "error": None,
    },
    "show_health": {
        "status": "healthy",
        "version": "0.1.0",
        "checks": {
            "database": {"status": "healthy", "seconds": 0.001},
            "scheduler": {"status": "healthy", "seconds": 0.001},
        },
    },
    "settle_run": {"request_id": _ID, "status": "rolling_back", "rollback_started": True},
    "reconcile": {
        "examined": 3,
        "rollbacks_started": 1,
        "failures": [
            {"id": _ID, "message": "the DAG 'default.queue.rollback' is not ready to run; try again in a moment"}
        ],
    },
    "note_breakers": {"left_alone": ["db.example.com:443"]},
    "list_catalogs": {"catalogs": ["default", "staging"]},
    "note_report": {"catalogs": ["default"]},
    "show_plan": {
        "format": 1,
        "item_id": "queue",
        "revision": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        "header": {"id": "queue", "name": "Queue", "version": "1.0.0", "category": "messaging", "owner": "platform"},
        "fields": [{"id": "name", "type": "string", "sensitive": False}],
        "manual": {"actions": []},
    },
    "show_teams": {"jira_accounts": {"platform": "5b10ac8d82e05b22cc7d4ef5", "data": "data@example.com"}},
    "take_github": _PUSH_TAKEN,
    "take_run": {"signals": ["github:github.com/example/infrastructure/30433642"]},
    "take_issue": {"signals": ["jira:jira_default:OPS-7"]},
    "take_gitlab": _PUSH_TAKEN,
    "take_bitbucket": _PUSH_TAKEN,
    "refresh_now": {"commit_before": _COMMIT, "sync_run_id": "refresh__6f1b2a0c-0f3e-4d0e-9a55-2f7f7a0d9f10"},
    "refresh_catalog": _CATALOG_STATE,
    "show_catalog_state": _CATALOG_STATE,
}

METRICS = """# HELP pao_requests Requests by catalog, item and status.
# TYPE pao_requests gauge
pao_requests{catalog="default",item="database-postgresql",status="completed"} 41.0
# HELP pao_target_left_alone 1 while a process leaves a target alone because it was found ill.
# TYPE pao_target_left_alone gauge
pao_target_left_alone{process="triggerer-0",target="db.example.com:443"} 1.0
"""
"""A part of what `show_metrics` answers."""
