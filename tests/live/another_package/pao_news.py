"""An action type of another package, installed beside ours on the stack under test: it waits for news, and never looks.

So whatever wakes it has come all the way from the API.
"""

from __future__ import annotations

from typing import ClassVar

from pao_actions.exceptions import PermanentError
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from catalog_compiler.actions import ActionContext, ActionResult, ActionType

PATIENCE = 240.0
"""Seconds; longer than any test waits."""


class NewsConfig(BaseModel):
    """What to wait for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signal: str
    """The signal's name."""


class NewsAction(ActionType[NewsConfig]):
    """Waits for a signal."""

    name: ClassVar[str] = "news"
    summary: ClassVar[str] = "Waits for a signal."
    Config: ClassVar[type[BaseModel]] = NewsConfig

    @override
    async def run(self, config: NewsConfig, context: ActionContext) -> ActionResult:
        await context.progress.waiting()
        if not await context.signals.wait(config.signal, PATIENCE):
            raise PermanentError(f"'{config.signal}' did not arrive")
        return ActionResult(outputs={"woken": True})
