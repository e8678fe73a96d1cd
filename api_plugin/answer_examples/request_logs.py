"""Of a request's log."""

from __future__ import annotations

import json
from typing import Any

ENTRY: dict[str, Any] = {
    "at": "2026-03-01T09:00:01.402Z",
    "level": "info",
    "source": "action",
    "action": "database",
    "attempt": 1,
    "undoing": False,
    "message": "POST db.example.com/v1/databases answered 201 after 0.104 s",
    "event": "http_call",
    "data": {"target": "POST db.example.com/v1/databases", "status": 201, "seconds": 0.104},
}
CURSOR = "WyJsb2ciLCAiYy4uLiJd"
LINE = json.dumps(ENTRY | {"cursor": CURSOR}) + "\n"
EXAMPLES: dict[str, Any] = {
    "show_logs": {"entries": [ENTRY], "next_cursor": None, "resume_cursor": CURSOR},
}
