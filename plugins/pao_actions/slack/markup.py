"""Which markup the texts of Block Kit have, by the `type` of the object that they are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path

MARKUP: Mapping[str, Encoding] = {"mrkdwn": Encoding.MRKDWN, "markdown": Encoding.MARKDOWN}
"""The types of objects whose `text` has markup."""


def block_encoding(path: Path, config: Mapping[str, Any]) -> Encoding:
    """How values are written into the string at `path`, which is in `blocks`."""
    place: Any = config
    for step in path[:-1]:
        place = place[step]
    kind = str(place.get("type")) if isinstance(place, Mapping) and path[-1] == "text" else ""
    return MARKUP.get(kind, Encoding.TEXT)
