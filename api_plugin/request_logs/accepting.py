"""In which form a caller wants a log: by its `Accept` header. Pure."""

from __future__ import annotations


def wants_text(accept: str) -> bool:
    """Whether plain text is asked for by name, and no less than JSON."""
    wishes = dict(_wishes(accept))
    text = wishes.get("text/plain", 0.0)
    return text > 0 and text >= wishes.get("application/json", 0.0)


def _wishes(accept: str) -> list[tuple[str, float]]:
    wishes = []
    for part in accept.split(","):
        name, _, rest = part.partition(";")
        weight = 1.0
        for parameter in rest.split(";"):
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                weight = _number(value.strip())
        wishes.append((name.strip().lower(), weight))
    return wishes


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
