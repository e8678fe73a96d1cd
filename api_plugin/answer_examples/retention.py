"""Of the operations on what is kept."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "apply_retention": {"deleted": 120, "slimmed": 3, "audit": 0, "answers": 41, "more": False},
}
