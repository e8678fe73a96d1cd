"""What PAO needs to know of a git host to take its notices of pushes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from api_plugin.webhooks.pushes import Push
from api_plugin.webhooks.sender import Sender


class GitHost(Sender):
    """One host; its `Payload` is the body of a push."""

    @override
    def secret_connection(self, path: Mapping[str, Any]) -> str:
        return f"pao_{self.name}_webhook"

    @abstractmethod
    def is_push(self, headers: Mapping[str, str]) -> bool:
        """Whether the notice is of a push, and not of anything else that the host may tell."""

    @abstractmethod
    def push(self, payload: Any) -> Push:
        """What was pushed, by a `Payload`."""
