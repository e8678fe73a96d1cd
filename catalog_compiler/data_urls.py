"""The name in a data URL. A module of its own, since values are sealed and described without knowing field types."""

from __future__ import annotations

from urllib.parse import unquote


def file_name(url: str) -> str:
    """The name in a data URL that was found to be one; its content is not looked at."""
    parameters = url.partition(",")[0].split(";")[1:]
    return next(unquote(part.removeprefix("name=")) for part in parameters if part.startswith("name="))
