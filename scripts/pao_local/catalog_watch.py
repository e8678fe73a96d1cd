"""A small program under supervisord: commits a plain catalog folder again whenever a file in it changes.

Run as `python -m pao_local.catalog_watch FOLDER REPOSITORY`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pao_local.git import GitError
from pao_local.snapshots import Snapshots

INTERVAL = 2.0
"""Seconds between two looks."""


def watch(snapshots: Snapshots) -> None:
    """Look every two seconds, for ever."""
    seen = None
    while True:
        found = snapshots.fingerprint()
        if found != seen:
            try:
                commit = snapshots.take()
            except (GitError, OSError) as error:
                print(f"no snapshot this time: {error}", flush=True)
            else:
                seen = found
                print(f"snapshot {commit}" if commit else "nothing new", flush=True)
        time.sleep(INTERVAL)


if __name__ == "__main__":
    watch(Snapshots(folder=Path(sys.argv[1]), repository=Path(sys.argv[2])))
