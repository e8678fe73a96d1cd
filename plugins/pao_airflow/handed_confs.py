"""The confs of runs, as the supervisor hands them to the runner with the triggers of their actions.

All that an action needs of its run. Airflow would send the whole DAG with each trigger, and make it anew from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class HandedConfs:
    """By trigger; for one process."""

    def __init__(self) -> None:
        self._confs: dict[int, Mapping[str, Any]] = {}

    def hand(self, trigger_id: int, conf: Mapping[str, Any]) -> None:
        """Keep it until the trigger is over."""
        self._confs[trigger_id] = conf

    def of(self, trigger_id: int | None) -> Mapping[str, Any] | None:
        """That of the run which the trigger is of; None where Airflow's own way gave it."""
        return None if trigger_id is None else self._confs.get(trigger_id)

    def forget(self, trigger_id: int) -> None:
        """The trigger is over."""
        self._confs.pop(trigger_id, None)


handed = HandedConfs()
"""Those of this process."""
