"""All of them."""

from __future__ import annotations

from typing import Any

from api_plugin.answer_examples import (
    catalog,
    health,
    internal,
    me,
    notifications,
    operations,
    request_logs,
    requests,
    resources,
    retention,
)

EXAMPLES: dict[str, Any] = {
    name: example
    for module in (
        catalog,
        health,
        internal,
        me,
        notifications,
        operations,
        request_logs,
        requests,
        resources,
        retention,
    )
    for name, example in module.EXAMPLES.items()
}
