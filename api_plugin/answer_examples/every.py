"""All of them."""

from __future__ import annotations

from typing import Any

from api_plugin.answer_examples import catalog, health, internal, request_logs, requests

EXAMPLES: dict[str, Any] = {
    name: example
    for module in (catalog, health, internal, request_logs, requests)
    for name, example in module.EXAMPLES.items()
}
