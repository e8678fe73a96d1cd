"""Takes a request: checks it, and makes its row and its DAG run in one transaction, so that there are both or none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow.models.dagrun import DagRun
from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.airflow_log import id_of_run
from api_plugin.bodies import Draft
from api_plugin.clock import utc_now
from api_plugin.configuration import sealer, settings
from api_plugin.correlation import correlation_id
from api_plugin.datamodels.requests import RequestBody
from api_plugin.exceptions import ApiProblem, unavailable
from api_plugin.order_checks import check_order, requester, stale_revision
from api_plugin.principals import Principal
from api_plugin.projection import first_events
from api_plugin.queueing.holding import waits_for_turn
from api_plugin.request_files import keep_files
from api_plugin.request_info import info_of
from api_plugin.runs import DagShelf, RunOrder, add_run
from api_plugin.search_words import request_words
from api_plugin.served_item import ServedItem
from api_plugin.sla import expected_end
from api_plugin.store.access import Audit
from api_plugin.store.catalog import CatalogItem
from api_plugin.store.inserting import Rows
from api_plugin.store.requests import Request, RequestEvent, RequestWords
from catalog_compiler.file_references import is_stored
from catalog_compiler.plan import Mode
from catalog_compiler.run_format import RunConf, UserInfo, dag_id
from catalog_compiler.signing import signed


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """A request that was written, with its first events."""

    request: Request
    events: Sequence[RequestEvent]


def submit(  # noqa: PLR0913 - what a request is made from
    session: Session,
    shelf: DagShelf,
    served: ServedItem,
    draft: Draft[RequestBody],
    caller: Principal,
    *,
    parent: Request | None = None,
    run: DagRun | None = None,
) -> Accepted:
    """Accept a request for a served item; commits nothing.

    One that tries another anew, its `parent`, is of that one's requester, whoever asks for it. One whose `run` was
    started in Airflow goes on with that.

    Raises a problem where it can't be accepted, and `OtherRevisionError` where the item's DAG is at another revision.
    """
    body = draft.body
    checked = check_order(served, draft)
    mode = checked.mode
    request = _request(served, body, caller, mode)
    if run is not None:
        request.id, request.run_id = id_of_run(run.dag_id, run.run_id), run.run_id
    fields = _sealed(served, keep_files(session, request, served.plan.fields, checked.values))
    request.fields = fields
    if parent is not None:
        request.parent_id, request.user_id, request.user = parent.id, parent.user_id, parent.user
    user = UserInfo.model_validate(request.user)
    conf = RunConf(request=info_of(request, mode, user), item_id=body.item_id, revision=served.revision, fields=fields)
    rows = Rows()
    if run is None:
        order = RunOrder(
            dag_id=request.dag_id,
            run_id=request.run_id,
            conf=conf,
            actor=caller.id,
            revision=served.revision,
            held=waits_for_turn(request, served.plan.fulfillment(mode)),
        )
        add_run(session, rows, shelf, order)
    else:
        run.conf = signed(conf, settings().fernet_key)
    events = first_events(request, served.plan.fulfillment(mode).actions, by=caller.id)
    act = Audit(
        at=request.created_at,
        actor=caller.id,
        action="request.submit",
        target=str(request.id),
        outcome="accepted",
        address=caller.address,
        correlation_id=request.correlation_id,
        detail={"item_id": body.item_id, "revision": served.revision, "catalog": served.catalog},
    )
    words = RequestWords(request_id=request.id, words=_words(served, request, checked.values))
    rows.add(request, words, *events, act)
    rows.insert(session)
    return Accepted(request=request, events=events)


def between_revisions(session: Session, body: RequestBody) -> ApiProblem:
    """Why a request can't be taken while its item's DAG holds another revision than the one that is served.

    A 409 where the caller wants a revision that is passing; else waiting is all that it takes.
    """
    published = session.scalar(
        select(CatalogItem.published_revision).where(
            CatalogItem.catalog == (body.catalog or settings().default_catalog), CatalogItem.item_id == body.item_id
        )
    )
    if body.revision is not None and published is not None and body.revision != published:
        return stale_revision(body.item_id, published)
    return unavailable(f"'{body.item_id}' is changing to a new revision; try again in a moment")


def _request(served: ServedItem, body: RequestBody, caller: Principal, mode: Mode) -> Request:
    now, request_id = utc_now(), uuid.uuid4()
    return Request(
        id=request_id,
        catalog=served.catalog,
        item_id=body.item_id,
        item_version=served.header.version,
        owner=served.header.owner,
        revision=served.revision,
        mode=mode,
        dag_id=dag_id(served.catalog, body.item_id, mode),
        run_id=str(request_id),
        fields={},
        user_id=caller.id,
        user=requester(caller).model_dump(mode="json"),
        comment=body.comment,
        correlation_id=correlation_id(),
        parent_id=None,
        created_at=now,
        updated_at=now,
        ended_at=None,
        expected_at=expected_end(now, served.header.sla.provisioning_time if served.header.sla else None),
        status="queued",
        state={},
        event_seq=0,
    )


def _sealed(served: ServedItem, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    secret = {field.id for field in served.plan.fields if field.sensitive}
    return {
        name: sealer().seal(value) if name in secret and not is_stored(value) else value
        for name, value in values.items()
    }


def _words(served: ServedItem, request: Request, values: Mapping[str, JsonValue]) -> str:
    user = request.user
    texts = (request.item_id, served.header.name, user["name"], user["email"], request.comment)
    return request_words(texts, served.plan.fields, values)
