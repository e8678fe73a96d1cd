"""Of the operation on the caller."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "show_me": {
        "id": "dev",
        "name": "Dana Dev",
        "email": "dev@example.com",
        "organization": "Example",
        "roles": ["PAO Developer", "platform-data"],
        "teams": ["platform-data"],
        "permissions": [
            "GET PAO Catalog",
            "GET PAO Requests",
            "POST PAO Requests",
            "DELETE PAO Requests",
            "PUT PAO Requests",
        ],
    }
}
