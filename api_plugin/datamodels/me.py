"""What the operation on the caller answers."""

from __future__ import annotations

from pydantic import Field

from api_plugin.datamodels.base import Answer


class MeAnswer(Answer):
    """The caller."""

    id: str = Field(description="The name in the sign-in, or `key:<name>` for a service.")
    name: str
    email: str
    organization: str | None
    roles: list[str] = Field(description="All of them, in Airflow's sign-in.")
    teams: list[str] = Field(description="Those of them that are teams: the caller sees the requests of their items.")
    permissions: list[str] = Field(description="A method and a resource each, as operations name what they require.")
