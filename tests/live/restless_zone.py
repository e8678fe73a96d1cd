"""A time zone in which the clocks change all the time, each time over midnight: whatever heeds local time goes wrong.

From 23:12 they go forward to 00:12 of the next day, a moment later back to 23:12 of the day before. It is a file as the
tz database has them (RFC 8536), for the variable `TZ`.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path

EVERY = 3
"""Seconds between two changes."""
HOURS = 8
"""For so long it goes on, over midnight in the first of them; no run of the tests takes longer."""
_HOUR, _DAY = 3600, 86_400
_NAMES = b"RST\0RDT\0"


def write(path: Path) -> str:
    """Write the zone, which begins now; what `TZ` is set to."""
    begins = int(time.time()) // 60 * 60
    back = (23 * _HOUR - begins) % _DAY
    back -= _DAY if back > _DAY // 2 else 0
    kinds = struct.pack(">lBBlBB", back, 0, 0, back + _HOUR, 1, 4)
    changes = range(begins, begins + HOURS * _HOUR, EVERY)
    path.write_bytes(
        # What readers of the first version find: nothing.
        _header(changes=0, kinds=1, names=1) + bytes(7)
        + _header(changes=len(changes), kinds=2, names=len(_NAMES))
        + struct.pack(f">{len(changes)}q", *changes)
        + bytes(number % 2 for number in range(len(changes)))
        + kinds + _NAMES + b"\n\n"
    )  # fmt: skip
    return f":{path}"


def _header(*, changes: int, kinds: int, names: int) -> bytes:
    return struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, changes, kinds, names)
