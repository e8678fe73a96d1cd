"""What the operations that take webhooks answer."""

from __future__ import annotations

from pydantic import Field

from api_plugin.datamodels.base import Answer


class WebhookAnswer(Answer):
    """A push that was taken."""

    catalogs: list[str] = Field(description="The catalogs that are refreshed.")


class SignalAnswer(Answer):
    """News that was taken."""

    signals: list[str] = Field(description="The names for which actions may wait; those that do are woken.")
