"""Keeps people's names out of what the sign-in logs: an account stands there by its number.

FAB names who signs in, and whose account is changed, by their full name, in the log of the API server's process. That
is no table from which an erasure could take it.
"""

from __future__ import annotations

import logging

from airflow.providers.fab.auth_manager.models import User

LOGGER = "airflow.providers.fab.auth_manager.security_manager.override"
"""FAB's logger of what becomes of accounts."""


class _Numbered(logging.Filter):
    """Lets every line through, and changes those that show an account."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the number in the place of the name."""
        if isinstance(record.args, tuple):
            record.args = tuple(f"account {arg.id}" if isinstance(arg, User) else arg for arg in record.args)
        return True


_NUMBERED = _Numbered()


def keep_names_out() -> None:
    """From now on, in this process; once is enough."""
    logging.getLogger(LOGGER).addFilter(_NUMBERED)
