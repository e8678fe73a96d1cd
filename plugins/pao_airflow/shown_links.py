"""Which links to outside things people are shown."""

from __future__ import annotations

from urllib.parse import urlsplit


def shown_link(url: str | None) -> str | None:
    """The link, if a browser opens it as a page: a target's answer could hold `javascript:` or the like."""
    try:
        good = url is not None and urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return None
    return url if good else None
