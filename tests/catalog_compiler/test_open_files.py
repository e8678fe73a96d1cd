"""How many files a process may have open."""

from __future__ import annotations

import resource

from catalog_compiler.open_files import OTHER_FILES, room_for


def test_there_is_room_for_no_more_than_may_be_opened():
    """The process takes what its user may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (OTHER_FILES + 100, hard))
        assert 300 == room_for(300)
        assert OTHER_FILES + 300 == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
