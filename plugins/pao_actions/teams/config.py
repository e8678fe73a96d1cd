"""What the `teams` action takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pao_actions.header_text import HeaderText

LARGEST_MESSAGE = 28 * 1024
"""Bytes of the whole message that Teams takes."""


class Link(BaseModel):
    """A button below the card that opens an address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(min_length=1)] = "Open"
    """What the button says."""
    url: Annotated[str, Field(min_length=1)]
    """The address, of http or https."""


class TeamsConfig(BaseModel):
    """A card with its templates resolved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: str = "teams_default"
    """An Airflow connection whose password is the URL of the workflow's webhook."""
    title_template: str | None = None
    """The heading, one line."""
    text_template: Annotated[str, Field(min_length=1)]
    """The text, in Markdown (emphasis, lists, links); each line is a line. Values in it are shown as they are."""
    facts: Annotated[dict[str, HeaderText], Field(max_length=50)] = {}
    """Name to value, shown as two columns."""
    link: Link | None = None
    """A button below the text."""
    timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds for the call."""
