"""Of the operations on notifications."""

from __future__ import annotations

from typing import Any

_CHOSEN: dict[str, Any] = {
    "available": ["email", "slack"],
    "email": "dev@example.com",
    "chosen": True,
    "channels": {
        "email": {"events": ["failed", "overdue"], "to": None},
        "slack": {"events": ["completed", "failed"], "to": "U012AB3CD"},
    },
}

EXAMPLES: dict[str, Any] = {"show_notifications": _CHOSEN, "choose_notifications": _CHOSEN}
