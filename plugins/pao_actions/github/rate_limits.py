"""How long GitHub wants to be left alone: its primary limit, and the secondary ones.

After https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pao_actions.github.answers import server_time, words
from pao_actions.http_answer import HttpAnswer

_LIMITED = frozenset({403, 429})
_TOO_MANY = 429
_WITHOUT_WISH = 60.0
"""Seconds where GitHub names none; doubled each time."""
_LONGEST = 3660.0
"""The primary limit is reset each hour; nothing is waited for longer."""
_MAX_DOUBLINGS = 6


def is_limit(answer: HttpAnswer) -> bool:
    """Whether an answer refuses a call because there were too many, so that nothing was done."""
    if answer.status not in _LIMITED:
        return False
    headers = answer.headers
    return (
        answer.status == _TOO_MANY
        or "Retry-After" in headers
        or headers.get("X-RateLimit-Remaining") == "0"
        or "rate limit" in words(answer).lower()
    )


def pause(answer: HttpAnswer, now: datetime, refusals: int) -> float:
    """Seconds to send nothing after this answer; 0 where there is no need. `refusals` counts those in a row."""
    limited = is_limit(answer)
    if limited and (wish := answer.wished_pause(now)) is not None:
        return min(max(wish, 1.0), _LONGEST)
    if answer.headers.get("X-RateLimit-Remaining") == "0" and (reset := _reset(answer)) is not None:
        # By the server's own clock: ours may be some seconds off.
        seconds = (reset - (server_time(answer) or now)).total_seconds() + 1.0
        return min(max(seconds, 1.0), _LONGEST)
    return min(_WITHOUT_WISH * 2.0 ** min(refusals, _MAX_DOUBLINGS), _LONGEST) if limited else 0.0


def _reset(answer: HttpAnswer) -> datetime | None:
    text = answer.headers.get("X-RateLimit-Reset", "")
    return datetime.fromtimestamp(int(text), UTC) if text.isascii() and text.isdigit() and len(text) < 12 else None  # noqa: PLR2004 - seconds
