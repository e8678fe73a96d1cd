"""What Jira refuses, beyond what every HTTP action knows."""

from __future__ import annotations

from collections.abc import Mapping

from pao_actions.exceptions import PermanentError


class NotThereError(PermanentError):
    """Jira answered 404: it is not there, or the connection's user may not see it."""


class SignInError(PermanentError):
    """Jira answered 401 or 403: the sign-in is not accepted, or a permission is missing."""


class InvalidRequestError(PermanentError):
    """Jira answered 400; `fields` maps ids of fields to what is wrong with their values."""

    def __init__(self, message: str, *, fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.fields = fields
