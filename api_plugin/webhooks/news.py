"""Reads news of what actions wait for: a workflow run, an issue. Its names wake whoever waits (`signal_names`)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from api_plugin.webhooks.sender import Sender
from api_plugin.webhooks.signed import SignedBody


class NewsSender(Sender):
    """A system that tells what became of what actions began there."""

    repeats_refused: bool = False
    """Whether it sends again, by itself, what was refused as a copy; such copies are answered like anything else."""

    @abstractmethod
    def is_news(self, headers: Mapping[str, str]) -> bool:
        """Whether its kind, as far as the headers tell it, is one that an action may wait for."""

    @abstractmethod
    def names(self, payload: Any, path: Mapping[str, Any]) -> tuple[str, ...]:
        """The names of what the news is of, by its `Payload` and the operation's path; none where nobody waits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """News that is told by the system itself."""

    sender: NewsSender
    id: str
    """By which the sender's log knows it; not vouched for."""
    digest: str
    """Of what is vouched for."""
    names: tuple[str, ...]


class SignedNews(SignedBody):
    """A dependency that gives news, or None where nobody can wait for what is told."""

    def __init__(self, sender: NewsSender) -> None:
        """Name the sender."""
        super().__init__(sender)
        self.news_sender = sender

    async def __call__(self, request: Request) -> News | None:
        """The news; raises 503, 404, 413, 401, 415, 400 or 422."""
        vouched = await self.vouched(request)
        if vouched is None or not self.news_sender.is_news(request.headers):
            return None
        names = self.news_sender.names(await self.payload(request), request.path_params)
        if not names:
            return None
        return News(
            sender=self.news_sender,
            id=self.delivery_id(request.headers),
            digest=self.digest(vouched),
            names=names,
        )
