"""Measures how fast requests are listed where there are many: every filter, sort and view, and searching by words.

The requests are written by SQL, with the runs that Airflow would have of the newer ones: a hundred thousand of them by
way of the API would take hours. A process of its own, with the stack's environment, writes and removes them.

Run by `measure_listing` as `python -m bench.listing write|remove REQUESTS`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.calls import Account
from bench.figures import Row, Target, row
from bench.measure import Spread, percentile, spread

ROOT = Path(__file__).resolve().parents[1]
MARK = "listing-bench"
"""The revision of the requests that are written, by which they are found again."""
LIVE = 300
"""The newest, which run: each look at them asks Airflow."""

# Skewed as requests are: one item and one team have a great part of all, most completed, one person asked for many.
_WRITE = f"""
INSERT INTO pao.request (
    id, catalog, item_id, item_version, owner, revision, mode, dag_id, run_id, fields, user_id, "user", comment,
    correlation_id, created_at, updated_at, ended_at, status, state, event_seq
)
SELECT id, 'default', item, '1.0.0', 'team-' || team, '{MARK}', 'automatic', 'default.' || item, id::text,
    jsonb_build_object('database_name', word || '-' || n, 'environment', environment, 'size', n % 97,
                       'password', jsonb_build_object('$sealed', repeat(md5(n::text), 4))),
    person, jsonb_build_object('email', person || '@example.com', 'name', initcap(person), 'organization', NULL),
    CASE WHEN n % 5 = 0 THEN 'for the ' || word || ' project of quarter ' || n % 4 END,
    md5(n::text), at, at + interval '40 seconds', CASE WHEN status IN ('in_progress', 'queued') THEN NULL ELSE at END,
    status, jsonb_build_object('actions', (
        SELECT jsonb_agg(jsonb_build_object(
            'name', name, 'type', 'rest-api', 'status', 'completed', 'attempt', 1, 'max_attempts', 4,
            'started_at', at, 'ended_at', at, 'outputs', jsonb_build_object('id', md5(name || n), 'status_code', 201),
            'error', NULL, 'url', NULL))
        FROM unnest(ARRAY['database', 'owner', 'dns']) AS name
    ), 'error', NULL, 'warnings', '[]'::jsonb, 'rollback', NULL), 5
FROM (
    SELECT n, md5('request ' || n)::uuid AS id, now() - (:requests - n) * interval '5 minutes' AS at,
        CASE WHEN n % 10 < 4 THEN 'item-0' ELSE 'item-' || n * 31 % 200 END AS item,
        CASE WHEN n % 2 = 0 THEN 0 ELSE n * 17 % 40 END AS team,
        CASE WHEN n % 10 < 3 THEN 'developer' ELSE 'person' || n * 7 % 1000 END AS person,
        CASE WHEN n > :requests - {LIVE} THEN 'in_progress' WHEN n % 50 = 1 THEN 'failed'
             WHEN n % 100 = 2 THEN 'rolled_back' WHEN n % 1000 = 3 THEN 'cancelled' ELSE 'completed' END AS status,
        (ARRAY['orders', 'payments', 'billing', 'search', 'mail', 'stock', 'people', 'maps'])[1 + n * 13 % 8] AS word,
        (ARRAY['production', 'staging', 'development'])[1 + n % 3] AS environment
    FROM generate_series(1, :requests) AS n
) AS drawn
"""
_WRITE_WORDS = f"""
INSERT INTO pao.request_words (request_id, words)
SELECT id, array_to_tsvector(ARRAY(
    SELECT DISTINCT word FROM regexp_split_to_table(lower(concat_ws(
        ' ', item_id, initcap(item_id), comment, "user" ->> 'name', "user" ->> 'email',
        fields ->> 'database_name', fields ->> 'environment', fields ->> 'size'
    )), '[^[:alnum:]]+') AS word WHERE word <> ''
))
FROM pao.request WHERE revision = '{MARK}'
"""
_WRITE_RUNS = f"""
INSERT INTO dag_run (dag_id, run_id, run_type, state, run_after, clear_number, updated_at, start_date, end_date)
SELECT dag_id, run_id, 'manual', CASE WHEN status = 'completed' THEN 'success' WHEN ended_at IS NULL THEN 'running'
    ELSE 'failed' END, created_at, 0, created_at, created_at, ended_at
FROM pao.request WHERE revision = '{MARK}' AND created_at > now() - interval '30 days'
"""
WRITE = (_WRITE, _WRITE_WORDS, _WRITE_RUNS)
"""The statements that write the requests; `requests` is how many."""
REMOVE = (
    f"DELETE FROM dag_run WHERE run_id IN (SELECT run_id FROM pao.request WHERE revision = '{MARK}')",
    f"DELETE FROM pao.request WHERE revision = '{MARK}'",
)

LISTS: dict[str, Mapping[str, str | list[str]]] = {
    "all": {},
    "a status": {"status": "failed"},
    "statuses": {"status": ["failed", "rolled_back", "cancelled"]},
    "an item": {"item_id": "item-7"},
    "a frequent item": {"item_id": "item-0"},
    "an item's failed ones": {"item_id": "item-0", "status": "failed"},
    "a person": {"user": "person700@example.com"},
    "a frequent requester": {"user": "developer@example.com"},
    "a team": {"owner": "team-3"},
    "a large team's cancelled ones": {"owner": "team-0", "status": "cancelled"},
    "nothing that fits": {"owner": "team-1", "item_id": "item-0", "status": "cancelled"},
    "since": {"created_after": "2026-01-01T00:00:00Z"},
    "until": {"created_before": "2026-06-01T00:00:00Z"},
    "the oldest first": {"sort": "created_at"},
    "what changed last": {"sort": "-updated_at"},
    "what changed last of a team": {"sort": "-updated_at", "owner": "team-3"},
    "a frequent word": {"q": "production"},
    "a rare word": {"q": "orders 16"},
    "words": {"q": "orders staging person7"},
    "a word of failed ones": {"q": "billing", "status": "failed"},
    "letters": {"q": "p"},
    "no such word": {"q": "nowhere"},
    "the beginning of an id": {"q": "c4ca"},
}
"""Lists as portals ask for them, by name: the parameters of each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListingTimes:
    """Of so many requests: every list, as an operator and as who asked for three in ten, and page after page."""

    requests: int
    operator: Spread
    requester: Spread
    pages: Spread
    """One page after the other of all requests, as an operator."""
    slowest: str
    """The list whose 95th percentile is the highest."""
    slowest_times: Spread

    def rows(self) -> Iterator[Row]:
        """All lists together, and the slowest by itself."""
        name = f"{self.requests} requests"
        yield row(f"{name}: lists, operator", self.operator)
        yield row(f"{name}: lists, requester", self.requester)
        yield row(f"{name}: page after page", self.pages)
        yield row(f"{name}: slowest", self.slowest_times, self.slowest)

    def targets(self) -> Iterator[Target]:
        """The slowest list too."""
        for part, times in (("operator", self.operator), ("requester", self.requester),
                            ("page after page", self.pages), ("slowest list", self.slowest_times)):  # fmt: skip
            yield Target(name=f"{self.requests} requests, {part}: p95", measured=times.p95, limit=50, unit="ms")


def measure_listing(
    operator: Account, requester: Account, environment: Mapping[str, str], requests: int, calls: int
) -> ListingTimes:
    """Write so many requests, measure, and take them away; each list is asked for `calls` times."""
    _child(environment, "write", requests)
    try:
        times = {
            (name, account is operator): list(_times(account, query, calls))
            for account in (operator, requester)
            for name, query in LISTS.items()
        }
        name, as_operator = max(times, key=lambda one: percentile(times[one], 95))
        return ListingTimes(
            requests=requests,
            operator=_all(times, as_operator=True),
            requester=_all(times, as_operator=False),
            pages=spread(list(_pages(operator, calls))),
            slowest=f"{name}, {'operator' if as_operator else 'requester'}",
            slowest_times=spread(times[name, as_operator]),
        )
    finally:
        _child(environment, "remove", requests)


def _all(times: Mapping[tuple[str, bool], list[float]], *, as_operator: bool) -> Spread:
    return spread([one for (_, operator), some in times.items() if operator is as_operator for one in some])


def _times(account: Account, query: Mapping[str, str | list[str]], calls: int) -> Iterator[float]:
    path = f"/api/v1/requests?{urlencode(query, doseq=True)}"
    with account.connected() as caller:
        caller.call("GET", path)
        for _ in range(calls):
            yield caller.call("GET", path).seconds


def _pages(account: Account, calls: int) -> Iterator[float]:
    cursor = ""
    with account.connected() as caller:
        for _ in range(calls):
            reply = caller.call("GET", f"/api/v1/requests{cursor}")
            yield reply.seconds
            cursor = f"?cursor={reply.json()['next_cursor']}"


def _child(environment: Mapping[str, str], what: str, requests: int) -> None:
    command = [sys.executable, "-m", "bench.listing", what, str(requests)]
    subprocess.run(command, env=dict(environment), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def main(what: str, requests: int) -> None:
    """Write or remove the requests, and let PostgreSQL know of it, as it would find out by itself a little later."""
    from airflow import settings
    from sqlalchemy import text

    if settings.engine is None:
        raise RuntimeError("Airflow has no database; is its environment set?")
    with settings.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in WRITE if what == "write" else REMOVE:
            connection.execute(text(statement), {"requests": requests} if ":requests" in statement else {})
        for table in ("pao.request", "pao.request_words", "dag_run"):
            connection.execute(text(f"VACUUM ANALYZE {table}"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
