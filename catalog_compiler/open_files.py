"""How many files and connections a process may have open, which its user's limit (`ulimit -n`) decides."""

from __future__ import annotations

import resource

OTHER_FILES = 200
"""Files that a process needs for something else than what it keeps open on behalf of others."""


def room_for(files: int) -> int:
    """For how many of those there is room, after the process may open as many as its user may (the hard limit)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        wanted = max(soft, files + OTHER_FILES)
    else:
        wanted = min(hard, max(soft, files + OTHER_FILES))
    if soft != resource.RLIM_INFINITY and wanted > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):
            # macOS may allow less than its limits say.
            wanted = soft
    return files if soft == resource.RLIM_INFINITY else max(min(files, wanted - OTHER_FILES), 1)
