"""Reads a task's log by Airflow's own reader, where its files are not here: from remote storage, or from the worker or
triggerer that keeps it.

Airflow's reader begins at the start each time, and says what it could not read among the sources that it names first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import structlog
from airflow.utils.log.log_reader import TaskLogReader

from api_plugin.clock import utc_now
from api_plugin.request_logs.entry import Entry, Item, Place, Places
from api_plugin.request_logs.lines import later, parse_line
from api_plugin.request_logs.tasks import TaskLog

log = structlog.get_logger(__name__)

_GROUP, _END = "::group::Log message source details", "::endgroup::"


def fetched_source(task: TaskLog, places: Places) -> Iterator[Item]:
    """The log as it is fetched; one entry that says so where it is not at hand."""
    key = f"{task.key}/fetched"
    place = places.get(key, Place())
    told: list[str] = []
    items = 0
    try:
        for item in _fetch(key, task, place, told):
            items += 1
            yield item
    except Exception as error:  # noqa: BLE001 - storage of any kind may fail in any way, and costs this log alone
        log.warning("task log not fetched", dag_id=task.facts.dag_id, run_id=task.facts.run_id, error=str(error))
        told.append(f"{type(error).__name__}: {error}")
    if not items and place.read == 0 and not place.missed and (task.ended or task.elsewhere):
        yield _missing(key, task, told)


def _fetch(key: str, task: TaskLog, place: Place, told: list[str]) -> Iterator[Item]:
    reader = TaskLogReader()
    stream: Any = reader.read_log_chunks(task.instance, task.facts.try_number, {})[0]  # type: ignore[typeddict-item]
    last: dt.datetime | None = None
    number, attempt, in_header = 0, place.attempt, False
    with suppress(AttributeError), closing(stream):
        for message in stream:
            if message.event.startswith(_GROUP):
                in_header = True
            elif in_header:
                in_header = message.event != _END
                told += [message.event] if in_header else []
            else:
                number += 1
                if number <= place.read:
                    continue
                raw = message.model_dump_json().encode()
                entry, attempt = parse_line(raw, task.facts, attempt, last or task.began_at)
                last = later(last, entry, task.began_at)
                yield Item(key=key, at=last, entry=entry, place=Place(read=number, attempt=attempt))


def _missing(key: str, task: TaskLog, told: list[str]) -> Item:
    at: dt.datetime = getattr(task.instance, "end_date", None) or utc_now()
    entry = Entry(
        at=at,
        level="warning",
        source="request",
        action=task.facts.action,
        undoing=task.facts.undoing,
        event="log_away",
        message="what this action logged is not at hand: the machine or the storage that keeps it does not answer, or "
        "has it no more",
        data={"why_away": "; ".join(told)} if told else {},
    )
    return Item(key=key, at=at, entry=entry, place=Place(missed=True))
