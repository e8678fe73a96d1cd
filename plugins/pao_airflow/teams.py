"""What the `.pao.yaml` of a request's catalog says of teams, as it is published now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pao_actions.exceptions import TemporaryError

from api_plugin.client import ApiError
from pao_airflow.lookups import AirflowConnections
from pao_airflow.service import client_of
from pao_airflow.shared_lookups import SharedLookups

FRESH_SECONDS = 30.0
"""So long after a change of `.pao.yaml` was published, tickets may go to whom it named before."""


async def _accounts(question: tuple[str, str]) -> Mapping[str, str]:
    catalog, connection_id = question
    client = client_of(await AirflowConnections().get(connection_id))
    with client:
        return await asyncio.to_thread(client.team_accounts, catalog)


_known = SharedLookups(_accounts, seconds=FRESH_SECONDS)


class CatalogTeams:
    """The `Teams` of actions: asks the API, once in a while for all of them."""

    def __init__(self, catalog: str, *, service_connection: str) -> None:
        """Look in that catalog's settings, by the connection for PAO's own calls."""
        self._question = (catalog, service_connection)

    async def account(self, team: str) -> str | None:
        """The Jira account of a team; None where it has none.

        Raises:
            TemporaryError: if the API can't be asked now.
        """
        try:
            accounts = await _known.get(self._question)
        except (ApiError, LookupError) as error:
            raise TemporaryError(f"the accounts of teams can't be looked up: {error}", arrived=False) from error
        return accounts.get(team)
