"""A process that takes orders in threads, as an API server does, until it is killed: `python -m ...`.

Prints the id of each request once its caller would be answered.
"""

from __future__ import annotations

import json
import sys
import threading
import uuid

from airflow.utils.session import create_session

from api_plugin.bodies import Draft
from api_plugin.catalog_cache import CatalogCache
from api_plugin.datamodels.requests import RequestBody
from api_plugin.idempotency import IdempotentCall, Reply, once
from api_plugin.principals import Principal
from api_plugin.request_answers import answer
from api_plugin.runs import DagShelf
from api_plugin.submitting import submit

THREADS = 8


def take_orders(cache: CatalogCache, shelf: DagShelf, caller: Principal) -> None:
    """Take one after the other."""
    order = Draft(body=RequestBody(item_id="queue", fields={"name": "a"}), faults=())
    while True:
        call = IdempotentCall(operation="POST /requests", key=str(uuid.uuid4()), digests=("digest",))
        with create_session(scoped=False) as session:
            served = cache.view(session, "default").items["queue"]

            def make(session=session, served=served) -> Reply:
                accepted = submit(session, shelf, served, order, caller)
                return Reply.of(answer(accepted.request, accepted.events, None))

            reply = once(session, caller, call, make)
            session.commit()
        sys.stdout.write(json.loads(reply.content)["id"] + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    who = Principal(id="dev", name="Dev", email="dev@example.com", roles=(), permissions=frozenset())
    known = (CatalogCache(ttl=3600), DagShelf(), who)
    for _ in range(THREADS):
        threading.Thread(target=take_orders, args=known).start()
