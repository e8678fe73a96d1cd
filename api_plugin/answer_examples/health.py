"""Of health and metrics."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "show_health": {
        "status": "healthy",
        "version": "0.1.0",
        "checks": {
            "database": {"status": "healthy", "seconds": 0.001},
            "scheduler": {"status": "healthy", "seconds": 0.001},
        },
    },
}

METRICS = """# HELP pao_requests Requests by catalog, item and status.
# TYPE pao_requests gauge
pao_requests{catalog="default",item="database-postgresql",status="completed"} 41.0
# HELP pao_target_left_alone 1 while a process leaves a target alone because it was found ill.
# TYPE pao_target_left_alone gauge
pao_target_left_alone{process="triggerer-0",target="db.example.com:443"} 1.0
"""
"""A part of what `show_metrics` answers."""
