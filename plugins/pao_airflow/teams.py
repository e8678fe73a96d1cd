"""What the catalog's `.pao.yaml` says of teams, for actions."""

from __future__ import annotations


class NoTeams:
    """No team has an account."""

    async def account(self, team: str) -> str | None:  # noqa: ARG002 - a `Teams`
        """None."""
        return None


NO_TEAMS = NoTeams()
