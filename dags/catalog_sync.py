"""Synchronises the catalogs with their repositories, and shows how it went: the operator's view of publishing.

The DAG processor refreshes catalogs by itself; this asks for it now, shows what was published, tells
owners what is wrong with it, waits until it is ready to run, and fails with the reason where it does not get so far. It
does so for every catalog; to have one alone, trigger it with `{"catalog": "<name>"}`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any

import structlog
from airflow.sdk import DAG, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException
from pao_airflow.configuration import pao_settings
from pao_airflow.owner_reports import NotToldError, tell
from pao_airflow.service import service_client

from api_plugin.client import ApiClient
from api_plugin.datamodels.internal import CatalogState, WaitingItem

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 60
READY_SECONDS = 600


def refreshed(client: ApiClient, catalog: str, *, seconds: float, every: float) -> CatalogState:
    """The catalog's state once its repository was looked at after this call; raises RuntimeError where that failed.

    A failure from before says nothing of this look, so it counts only where no success follows within `seconds`.
    """
    before = client.refresh_catalog(catalog)
    deadline = time.monotonic() + seconds
    while True:
        state = client.catalog_state(catalog)
        if state.refreshed_at != before.refreshed_at and not state.failing_since:
            log.info("catalog refreshed", before=before.commit, now=state.commit)
            return state
        late = time.monotonic() >= deadline
        if state.failing_since and (late or state.failing_since != before.failing_since):
            raise RuntimeError(f"the repository of '{catalog}' can't be read: {state.failure}")
        if late:
            raise RuntimeError(f"'{catalog}' was not refreshed within {seconds:g} s; look at the DAG processor's log")
        time.sleep(every)


def converged(client: ApiClient, catalog: str, *, since: int, seconds: float, every: float) -> CatalogState:
    """The catalog's state once every published item can be ordered at its newest revision.

    Raises AirflowFailException, with the reason of each item, where that takes longer than `seconds`: to wait as long
    once more would help nobody.
    """
    deadline = time.monotonic() + seconds
    told: list[WaitingItem] = []
    while True:
        state = client.catalog_state(catalog, since=since)
        if not state.waiting:
            return state
        if state.waiting != told:
            log.info("items getting ready", catalog=catalog, items=[item.item_id for item in state.waiting])
            told = state.waiting
        if time.monotonic() >= deadline:
            reasons = "; ".join(f"{item.item_id}: {item.reason}" for item in state.waiting)
            raise AirflowFailException(f"not ready in '{catalog}' after {seconds:g} s: {reasons}")
        time.sleep(every)


def show(state: CatalogState) -> None:
    """Log what was published, and what is wrong with it."""
    for commit in state.commits:
        log.info("commit published", catalog=state.catalog, **commit.model_dump())
    if not state.commits:
        log.info("nothing new", catalog=state.catalog, commit=state.commit)
    for problem in state.problems:
        log.warning("catalog problem", catalog=state.catalog, **problem)
    if state.invalid:
        log.warning("items served at their last valid revision", catalog=state.catalog, items=state.invalid)


def report(client: ApiClient, state: CatalogState, connection_id: str | None) -> None:
    """Tell each owner whose errors changed; what was told is noted afterwards, so that a crash repeats, never loses.

    One who can't be told keeps no other from it; raises RuntimeError at the end where there was one.
    """
    failures = []
    for due in state.reports:
        if connection_id is None:
            log.info("owner not told: [pao] catalog_report_connection is not set", owner=due.owner)
            continue
        try:
            address = tell(connection_id, state.catalog, state.commit, due)
        except NotToldError as error:
            failures.append(str(error))
            continue
        client.note_report(state.catalog, owner=due.owner, digest=due.digest)
        log.info("owner told", owner=due.owner, address=address, problems=len(due.problems))
    if failures:
        raise RuntimeError("; ".join(failures))


def wanted(client: ApiClient, params: Mapping[str, Any]) -> list[str]:
    """The catalogs that a run is for: the one that was asked for, or all."""
    return [str(params["catalog"])] if params["catalog"] else client.catalogs()


with DAG(
    "catalog_sync",
    description="Bring the catalogs up to date with their repositories",
    doc_md=__doc__,
    schedule="*/15 * * * *",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    params={"catalog": Param(None, type=["null", "string"], title="Catalog", description="Without one: all of them.")},
    tags={"pao", "platform"},
) as dag:

    @task
    def catalogs() -> list[str]:
        """Find out what to synchronise."""
        with service_client() as client:
            return wanted(client, get_current_context()["params"])

    @task(retries=2, retry_delay=dt.timedelta(seconds=10), map_index_template="{{ task.op_kwargs['catalog'] }}")
    def synchronise(catalog: str) -> None:
        """Have the repository looked at, tell what came of it, and wait until it can be ordered."""
        with service_client() as client:
            since = client.catalog_state(catalog).seq
            refreshed(client, catalog, seconds=REFRESH_SECONDS, every=0.5)
            state = client.catalog_state(catalog, since=since)
            show(state)
            report(client, state, pao_settings().catalog_report_connection)
            converged(client, catalog, since=since, seconds=READY_SECONDS, every=1)

    synchronise.expand(catalog=catalogs())
