"""Of the operations on what is kept."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "apply_retention": {"deleted": 120, "slimmed": 3, "audit": 0, "answers": 41, "orphans": 0, "more": False},
    "erase_data": {
        "pseudonym": "erased-4f1c2a9b",
        "requests": 12,
        "audit": 31,
        "active_resources": ["5d0a6c1e-2f43-5b0e-9c55-1a3f0c2b7d44"],
    },
}
