"""The API's client: for the command line, the DAGs and the callbacks. Needs no Airflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from api_plugin.client_catalog import CatalogClient
from api_plugin.client_errors import ApiError
from api_plugin.client_requests import RequestsClient
from api_plugin.client_transport import TIMEOUT, Patience, Transport
from api_plugin.datamodels.health import BreakersAnswer
from api_plugin.datamodels.internal import CatalogNames, CatalogState, ReconcileAnswer, SettleAnswer
from api_plugin.datamodels.me import MeAnswer
from api_plugin.datamodels.retention import RetentionAnswer
from catalog_compiler.plan import ItemPlan

__all__ = ["ApiClient", "ApiError", "Patience"]


class ApiClient:
    """Calls the API as whoever the token belongs to; use it as a context manager.

    What people do is in `catalog` and `requests`; the methods here are the operations of the service principal.
    """

    def __init__(
        self, *, base_url: str, token: str, timeout: float = TIMEOUT, patience: Patience | None = None
    ) -> None:
        """`base_url` is the deployment's (without `/api/v1`); `token` a JWT of `POST /auth/token` or an API key."""
        self._transport = Transport(base_url=base_url, token=token, timeout=timeout, patience=patience or Patience())
        self._call = self._transport.call
        self.catalog = CatalogClient(self._transport)
        self.requests = RequestsClient(self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def settle(self, *, dag_id: str, run_id: str) -> SettleAnswer:
        """Tell that a run ended, so that what its item's policy asks for is started."""
        body = {"dag_id": dag_id, "run_id": run_id}
        return self._transport.model(SettleAnswer, "POST", "/api/v1/internal/settle", body)

    def adopt(self, *, dag_id: str, run_id: str, revision: str) -> dict[str, Any]:
        """Have a run that was started in Airflow become a request: the conf that it goes on with."""
        body = {"dag_id": dag_id, "run_id": run_id, "revision": revision}
        conf: dict[str, Any] = self._call("POST", "/api/v1/internal/adopt", body)["conf"]
        return conf

    def reconcile(self) -> ReconcileAnswer:
        """Settle every request that has not ended."""
        return self._transport.model(ReconcileAnswer, "POST", "/api/v1/internal/reconcile")

    def apply_retention(self) -> RetentionAnswer:
        """Delete a part of what was kept long enough; the answer's `more` tells whether to call again."""
        return self._transport.model(RetentionAnswer, "POST", "/api/v1/internal/retention")

    def me(self) -> MeAnswer:
        """Who the token belongs to, and what they may do."""
        return self._transport.model(MeAnswer, "GET", "/api/v1/me")

    def note_breakers(self, process: str, breakers: Sequence[Mapping[str, Any]]) -> BreakersAnswer:
        """Tell which targets a process leaves alone, and which it calls again."""
        body = {"process": process, "breakers": list(breakers)}
        return self._transport.model(BreakersAnswer, "POST", "/api/v1/internal/breakers", body)

    def catalogs(self) -> list[str]:
        """The catalogs that are followed."""
        return self._transport.model(CatalogNames, "GET", "/api/v1/internal/catalogs").catalogs

    def refresh_catalog(self, catalog: str) -> CatalogState:
        """Have the catalog's repository looked at now; how far it was before that."""
        return self._transport.model(CatalogState, "POST", f"/api/v1/internal/catalogs/{catalog}/refresh")

    def catalog_state(self, catalog: str, *, since: int | None = None) -> CatalogState:
        """How far the catalog has got with its repository, and what was published after number `since`."""
        path = f"/api/v1/internal/catalogs/{catalog}"
        return self._transport.model(CatalogState, "GET", path, params={"since": since})

    def team_accounts(self, catalog: str) -> dict[str, str]:
        """The Jira accounts of teams, as the catalog's settings name them."""
        accounts: dict[str, str] = self._call("GET", f"/api/v1/internal/catalogs/{catalog}/teams")["jira_accounts"]
        return accounts

    def item_plan(self, catalog: str, item_id: str, revision: str) -> ItemPlan:
        """The plan of one revision of an item."""
        path = f"/api/v1/internal/catalogs/{catalog}/items/{item_id}/revisions/{revision}"
        return ItemPlan.model_validate(self._call("GET", path))

    def note_report(self, catalog: str, *, owner: str | None, digest: str) -> CatalogNames:
        """Tell that an owner was told of what is wrong."""
        body = {"owner": owner, "digest": digest}
        return self._transport.model(CatalogNames, "POST", f"/api/v1/internal/catalogs/{catalog}/reported", body)
