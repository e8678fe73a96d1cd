"""Finds the run of a dispatch that did not tell it: by the id in its name, or as the only one that it can be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat
from urllib.parse import quote

from pydantic import JsonValue

from pao_actions.exceptions import OutcomeUnknownError, TemporaryError
from pao_actions.github.answers import document, server_time
from pao_actions.github.api import GitHub
from pao_actions.github.config import GithubWorkflowConfig
from pao_actions.github.memory import Memory
from pao_actions.github.runs import Run, RunList
from pao_actions.github.shared import shared

SEARCH_SECONDS = 120.0
"""So long after its dispatch a run may take to be listed."""

_LISTED_WITHIN = timedelta(seconds=SEARCH_SECONDS)
_AT_LEAST = timedelta(seconds=10)
"""So long it is looked for where that time is over already, since its first look came late."""
_PATIENCE = timedelta(minutes=15)
"""So much longer GitHub is asked where it does not answer."""
_CREATED_WITHIN = timedelta(seconds=90)
"""A call lasts 30 seconds at most: what was created later was started by someone else."""
_PAUSES = (1.0, 2.0, 3.0, 5.0)
"""Seconds before each look for a name; the last holds on."""
_SETTLING = 5.0
"""Seconds before each look without a name: by then a run of another process is listed too, so that two are not one."""
_PAGE = 100
_MOST_PAGES = 10
_OK = 200
_ID_LENGTH = 20
_ID = re.compile(rf"pao-[0-9a-f]{{{_ID_LENGTH}}}(?![0-9A-Za-z])")


def correlation(idempotency_key: str) -> str:
    """The id that a run carries in its name: the same for each try of the action, new where a person tries anew."""
    return f"pao-{hashlib.sha256(idempotency_key.encode()).hexdigest()[:_ID_LENGTH]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a search has found."""

    run: Run | None = None
    nameless: tuple[Run, ...] = ()
    """Where none has the name that was looked for: runs that can be it, but whose name carries no id of any action."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """The look for one dispatch's run."""

    github: GitHub
    config: GithubWorkflowConfig
    memory: Memory

    async def found(self, *, briefly: bool = False) -> Found:
        """What is found, waited for as long as a run may take to be listed, or with `briefly` a few looks.

        Raises:
            OutcomeUnknownError: if several can be it.
            TemporaryError: if GitHub can't be asked, after some minutes of asking.
            PermanentError: if it can't be asked by this account.
        """
        clock = self.github.context.clock
        end = clock.now() + _AT_LEAST
        if not briefly:
            end = max(end, self.memory.begun_at + _LISTED_WITHIN)
        pauses = self._pauses()
        while True:
            await clock.sleep(next(pauses))
            try:
                found = await self._look()
            except TemporaryError as error:
                # Only a look that was answered tells that there is none.
                if briefly or clock.now() >= end + _PATIENCE:
                    raise
                self.github.context.log.warning("look_failed", error=str(error))
                continue
            if found.run is not None or clock.now() >= end:
                return found

    async def _look(self) -> Found:
        runs = await self._listed()
        if self.config.correlation_input is None:
            login = await self.github.login()
            return Found(run=self._only([run for run in runs if self._fits(run, login)]))
        wanted = correlation(self.github.context.idempotency_key)
        named = [run for run in runs if wanted in _ID.findall(run.display_title)]
        if named:
            return Found(run=self._only(named))
        login = await self.github.login()
        return Found(nameless=tuple(run for run in runs if self._fits(run, login)))

    def _only(self, runs: Sequence[Run]) -> Run | None:
        if len(runs) > 1:
            raise OutcomeUnknownError(
                f"{len(runs)} runs of '{self.config.workflow_id}' can be the one that this action started: "
                f"{links(runs)}; look at them, then retry or roll back"
                + ("" if self.config.correlation_input else "; with 'correlation_input' runs are told apart")
            )
        return runs[0] if runs else None

    def _fits(self, run: Run, login: str | None) -> bool:
        """Whether it can be the one, since no other action has it, nor shows its id in its name."""
        owner = shared().taken.get((self.github.base, run.id))
        # Where the name decides, the time was not taken from GitHub's clock.
        until = self.memory.since + _CREATED_WITHIN if self.config.correlation_input is None else None
        return (
            not _ID.search(run.display_title)
            and run.id not in self.memory.known
            and run.head_branch in (None, self.config.branch())
            and (run.created_at is None or until is None or run.created_at <= until)
            and (login is None or run.actor is None or run.actor.login.lower() == login.lower())
            and owner in (None, self.github.context.idempotency_key)
        )

    async def _listed(self) -> list[Run]:
        """The runs since; newest come first, so that those before need not be read."""
        found: list[Run] = []
        for page in range(1, _MOST_PAGES + 1):
            runs, _ = await list_runs(self.github, self.config.workflow_id, {"page": page})
            new = [run for run in runs if run.created_at is None or run.created_at >= self.memory.since]
            found += new
            if len(runs) < _PAGE or len(new) < len(runs):
                break
        return found

    def _pauses(self) -> Iterator[float]:
        pauses = (_SETTLING,) if self.config.correlation_input is None else _PAUSES
        return chain(pauses, repeat(pauses[-1]))


def links(runs: Sequence[Run]) -> str:
    """The runs' links, as far as a message has room for them."""
    return ", ".join(run.html_url for run in runs[:5])


async def list_runs(
    github: GitHub, workflow: str, query: Mapping[str, JsonValue]
) -> tuple[tuple[Run, ...], datetime | None]:
    """Runs of the workflow that a dispatch started, newest first, and GitHub's time."""
    answer = await github.call(
        "GET",
        f"{workflow_path(workflow)}/runs",
        query={"event": "workflow_dispatch", "per_page": _PAGE, "exclude_pull_requests": True, **query},
    )
    if answer.status != _OK:
        raise github.refusal(answer, f"the runs of '{workflow}' in {github.repository} could not be listed")
    return document(answer, RunList, "a list of runs").workflow_runs, server_time(answer)


def workflow_path(workflow: str) -> str:
    """Where the workflow is, below its repository."""
    return f"/actions/workflows/{quote(workflow, safe='')}"
