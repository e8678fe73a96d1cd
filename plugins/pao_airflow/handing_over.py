"""What a trigger of a rollback's place tells the worker that it hands its task over to."""

from __future__ import annotations

UNDO = "undo"
"""Do it there: it needs a process and a disk."""
FAILED = "failed"
"""It was done, and failed: let the task fail. A trigger can't, where Airflow starts the task again by itself."""
