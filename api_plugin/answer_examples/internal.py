"""Of the operations of the service principal, and of those that take webhooks."""

from __future__ import annotations

from typing import Any

from api_plugin.answer_examples.things import COMMIT, ID

_CATALOG_STATE: dict[str, Any] = {
    "catalog": "default",
    "commit": COMMIT,
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

EXAMPLES: dict[str, Any] = {
    "settle_run": {"request_id": ID, "status": "rolling_back", "rollback_started": True},
    "adopt_run": {"conf": {"format": 1, "item_id": "queue", "fields": {"name": "orders"}, "signature": "5b1f..."}},
    "reconcile": {
        "examined": 3,
        "rollbacks_started": 1,
        "failures": [
            {"id": ID, "message": "the DAG 'default.queue.rollback' is not ready to run; try again in a moment"}
        ],
        "lost": 0,
        "snapshots": 2,
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
    "refresh_now": {"commit_before": COMMIT, "sync_run_id": "refresh__6f1b2a0c-0f3e-4d0e-9a55-2f7f7a0d9f10"},
    "refresh_catalog": _CATALOG_STATE,
    "show_catalog_state": _CATALOG_STATE,
}
