"""The API's client: for the command line, the DAGs and the callbacks. Needs no Airflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from catalog_compiler.plan import ItemPlan

TIMEOUT = 30.0
"""Seconds that a call may take."""


class ApiError(Exception):
    """A call that failed: the API's own words, or why it could not be reached."""

    def __init__(self, message: str, *, status: int | None = None, problem: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem or {}


class ApiClient:
    """Calls the API as whoever the token belongs to; use it as a context manager."""

    def __init__(self, *, base_url: str, token: str, timeout: float = TIMEOUT) -> None:
        """`base_url` is the deployment's (without `/api/v1`); `token` a JWT of `POST /auth/token` or an API key."""
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"), headers={"Authorization": f"Bearer {token}"}, timeout=timeout
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def settle(self, *, dag_id: str, run_id: str) -> dict[str, Any]:
        """Tell that a run ended, so that what its item's policy asks for is started."""
        return self._call("POST", "/api/v1/internal/settle", {"dag_id": dag_id, "run_id": run_id})

    def reconcile(self) -> dict[str, Any]:
        """Settle every request that has not ended."""
        return self._call("POST", "/api/v1/internal/reconcile")

    def note_breakers(self, process: str, breakers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Tell which targets a process leaves alone, and which it calls again."""
        return self._call("POST", "/api/v1/internal/breakers", {"process": process, "breakers": list(breakers)})

    def catalogs(self) -> list[str]:
        """The catalogs that are followed."""
        names: list[str] = self._call("GET", "/api/v1/internal/catalogs")["catalogs"]
        return names

    def refresh_catalog(self, catalog: str) -> dict[str, Any]:
        """Have the catalog's repository looked at now."""
        return self._call("POST", f"/api/v1/internal/catalogs/{catalog}/refresh")

    def catalog_state(self, catalog: str, *, since: int | None = None) -> dict[str, Any]:
        """How far the catalog has got with its repository, and what was published after number `since`."""
        query = "" if since is None else f"?since={since}"
        return self._call("GET", f"/api/v1/internal/catalogs/{catalog}{query}")

    def team_accounts(self, catalog: str) -> dict[str, str]:
        """The Jira accounts of teams, as the catalog's settings name them."""
        accounts: dict[str, str] = self._call("GET", f"/api/v1/internal/catalogs/{catalog}/teams")["jira_accounts"]
        return accounts

    def item_plan(self, catalog: str, item_id: str, revision: str) -> ItemPlan:
        """The plan of one revision of an item."""
        path = f"/api/v1/internal/catalogs/{catalog}/items/{item_id}/revisions/{revision}"
        return ItemPlan.model_validate(self._call("GET", path))

    def note_report(self, catalog: str, *, owner: str | None, digest: str) -> dict[str, Any]:
        """Tell that an owner was told of what is wrong."""
        return self._call("POST", f"/api/v1/internal/catalogs/{catalog}/reported", {"owner": owner, "digest": digest})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise ApiError(f"{method} {path}: the API can't be reached ({error}); is it running?") from error
        answer = _json_object(response)
        if response.is_error or answer is None:
            raise _failure(response, answer or {})
        return answer


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    """What the API answers with is an object; a proxy or a sign-in page in between gives something else."""
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _failure(response: httpx.Response, problem: dict[str, Any]) -> ApiError:
    where = f"{response.request.method} {response.request.url.path}"
    said = problem.get("detail") or problem.get("title") or response.text[:200]
    return ApiError(f"{where}: {response.status_code}, {said}", status=response.status_code, problem=problem)
