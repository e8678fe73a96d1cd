"""The play: the main job as a user does it, once to its end and once into a refusal that is undone."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from examples.client.catalog_pages import catalog_page, form_page
from examples.client.exceptions import ClientError
from examples.client.following import Following
from examples.client.portal import Answer, Portal
from examples.client.request_pages import change_line, outputs_page, progress_page, undone_page, values_page
from examples.client.tables import heading

ITEM = "database-postgresql"
PUBLISHED_WITHIN = 120.0
"""Seconds; a stack that has just started may still be compiling its catalog."""


def play(portal: Portal, console: Console) -> None:
    """Play both requests; raises `ClientError` where one does not end as it should."""
    console.print()
    console.print(heading("The catalog"))
    with _doing(console, "Waiting for the catalog"):
        items = _published(portal)
    console.print(catalog_page(items))

    item = portal.item(ITEM)
    header = item["header"]
    console.print(heading(f"The form of {header['name']} {header['version']}"))
    console.print(form_page(item))

    _fulfilled(portal, console, item)
    _refused(portal, console, item)


def _fulfilled(portal: Portal, console: Console, item: Answer) -> None:
    console.print(heading("A request, from the order to its outputs"))
    request = _ordered(portal, console, f"orders-{secrets.token_hex(3)}")
    ended = _followed(portal, console, request, _descriptions(item), "completed")
    console.print(outputs_page(ended["outputs"]))


def _refused(portal: Portal, console: Console, item: Answer) -> None:
    console.print(heading("A request that is refused halfway, and undone"))
    request = _ordered(portal, console, f"forbidden-{secrets.token_hex(3)}")
    ended = _followed(portal, console, request, _descriptions(item), "rolled_back")
    console.print(Padding(Text.assemble(("Reason  ", "bold"), ended["error"]), (1, 2, 0, 2)))
    console.print(Padding(Text("Undone, newest first", style="bold"), (1, 2, 0, 2)))
    console.print(undone_page(ended["rollback"]["actions"], _descriptions(item)))


def _ordered(portal: Portal, console: Console, name: str) -> Answer:
    fields = {"database_name": name, "environment": "staging", "admin_password": secrets.token_urlsafe(18)}
    started = time.monotonic()
    request = portal.submit(ITEM, fields)
    answered = Text.assemble(
        ("POST /api/v1/requests", "bold"), f" answered in {1000 * (time.monotonic() - started):.0f} ms: ", request["id"]
    )
    console.print(Padding(answered, (1, 2, 0, 2)))
    console.print(values_page(request["fields"]))
    return request


def _followed(
    portal: Portal, console: Console, request: Answer, descriptions: Mapping[str, str | None], wanted: str
) -> Answer:
    """The request after its end, which must be the wanted one."""
    if console.is_terminal:
        _follow_live(portal, console, request, descriptions)
    else:
        _follow_in_lines(portal, console, request)
    ended = portal.request(request["id"])
    if ended["status"] != wanted:
        why = f": {ended['error']}" if ended["error"] else ""
        raise ClientError(
            f"request {ended['id']} ended as '{ended['status']}' instead of '{wanted}'{why}; "
            f"look at its log in Airflow: {ended['airflow_url']}"
        )
    return ended


def _follow_live(portal: Portal, console: Console, request: Answer, descriptions: Mapping[str, str | None]) -> None:
    following = Following.of(request)

    def shown() -> Any:
        return progress_page(following, descriptions, dt.datetime.now(dt.UTC))

    with Live(console=console, get_renderable=shown, refresh_per_second=8):
        for message in portal.watch(request):
            following = following.after(message)


def _follow_in_lines(portal: Portal, console: Console, request: Answer) -> None:
    started, following = time.monotonic(), Following.of(request)
    for message in portal.watch(request):
        before, following = following, following.after(message)
        for name, status in following.changes(before):
            console.print(change_line(time.monotonic() - started, name, status))


def _published(portal: Portal) -> list[Answer]:
    """The catalog, once it holds the item that is to be ordered."""
    deadline = time.monotonic() + PUBLISHED_WITHIN
    while True:
        items = portal.catalog()
        if any(item["id"] == ITEM for item in items):
            return items
        if time.monotonic() > deadline:
            found = ", ".join(item["id"] for item in items) or "nothing"
            raise ClientError(
                f"the catalog has no '{ITEM}', which the play orders (it has {found}); "
                "play on the example catalog (without CATALOG=), or look at dag-processor.log"
            )
        time.sleep(0.5)


def _descriptions(item: Answer) -> dict[str, str | None]:
    return {action["name"]: action["description"] for action in item["actions"]["automatic"]}


@contextmanager
def _doing(console: Console, what: str) -> Iterator[None]:
    if console.is_terminal:
        with console.status(f"{what} ..."):
            yield
    else:
        yield
