"""Starts a workflow exactly once, and tells which run it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pao_actions.exceptions import ActionError, OutcomeUnknownError, PermanentError, TemporaryError
from pao_actions.github.answers import document, words
from pao_actions.github.api import GitHub, no_answer
from pao_actions.github.config import GithubWorkflowConfig
from pao_actions.github.memory import Memory
from pao_actions.github.runs import StartedRun
from pao_actions.github.search import SEARCH_SECONDS, Search, correlation, links, list_runs, workflow_path
from pao_actions.github.shared import shared
from pao_actions.http_answer import HttpAnswer

_FLAG = "return_run_details"
_REFUSES_FLAG = frozenset({400, 422})
_UNCLEAR = frozenset({408, 425})
_SERVER_ERROR = 500
_SKEW = timedelta(minutes=5)
"""How far our clock and GitHub's may be apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispatch:
    """One action's dispatch."""

    github: GitHub
    config: GithubWorkflowConfig

    async def run(self, memory: Memory | None) -> Memory:
        """Start the workflow, or find the run of an earlier try; what is returned names the run, and is stored.

        Raises:
            OutcomeUnknownError: if it can't be told which run it is, or whether there is one.
            TemporaryError: if surely nothing was started.
            PermanentError: if GitHub refuses.
        """
        if memory is not None and memory.phase == "running":
            return self._owned(memory)
        async with self._alone():
            if memory is not None:
                self.github.context.log.info("looking_for_run", workflow=self.config.workflow_id)
                found = await (self._found_taken(memory) if memory.phase == "taken" else self._found_lost(memory))
                if found is not None:
                    return found
            return await self._start(await self._before(memory), memory)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Alone with this workflow and ref, unless a name tells runs apart."""
        if self.config.correlation_input is not None:
            yield
            return
        place = (self.github.base, str(self.github.repository).lower(), self.config.workflow_id, self.config.branch())
        lock = shared().dispatching[place]
        if lock.locked():
            self.github.context.log.info("waiting_for_other_dispatch", workflow=self.config.workflow_id)
        async with lock:
            yield

    async def _before(self, earlier: Memory | None) -> Memory:
        """What is to be known before the dispatch: which runs there are already, and GitHub's time."""
        now = self.github.context.clock.now()
        if self.config.correlation_input is not None:
            # The id is in no run but ours, so the time need not be exact, and the first try's holds.
            since = earlier.since if earlier is not None else now - _SKEW
            return Memory(phase="asked", begun_at=now, since=since.replace(microsecond=0))
        try:
            runs, server = await list_runs(self.github, self.config.workflow_id, {"per_page": 20})
        except TemporaryError as error:
            # Looking has no effect, whether it arrived or not.
            raise TemporaryError(str(error), arrived=False, retry_after=error.retry_after) from error
        since = server or now - _SKEW
        return Memory(
            phase="asked", begun_at=now, since=since.replace(microsecond=0), known=tuple(run.id for run in runs)
        )

    async def _start(self, memory: Memory, earlier: Memory | None) -> Memory:
        """Dispatch. Where surely nothing comes of it, what is known of an `earlier` one is kept."""
        await self._keep(memory)
        try:
            answer = await self._ask()
        except ActionError as error:
            if not isinstance(error, PermanentError | TemporaryError) or not no_answer(error):
                await self._keep(earlier)
                raise
            return await self._find_after_loss(memory, str(error))
        if 200 <= answer.status <= 299:  # noqa: PLR2004
            return await self._taken(memory, answer)
        refused = self.github.refusal(
            answer, f"'{self.config.workflow_id}' of {self.github.repository} was not started"
        )
        if answer.status >= _SERVER_ERROR or answer.status in _UNCLEAR:
            return await self._find_after_loss(memory, str(refused))
        await self._keep(earlier)
        raise refused

    async def _ask(self) -> HttpAnswer:
        """Dispatch; with the wish to be told the run, unless the server does not know that wish."""
        body: dict[str, Any] = {
            "ref": self.config.ref,
            "inputs": self.config.sent_inputs(correlation(self.github.context.idempotency_key)),
        }
        path = f"{workflow_path(self.config.workflow_id)}/dispatches"
        silent = shared().tells_no_run
        if self.github.base not in silent:
            answer = await self.github.call("POST", path, body={**body, _FLAG: True})
            if answer.status not in _REFUSES_FLAG or _FLAG not in words(answer):
                return answer
            silent.add(self.github.base)
        return await self.github.call("POST", path, body=body)

    async def _taken(self, memory: Memory, answer: HttpAnswer) -> Memory:
        if answer.body.strip():
            try:
                started = document(answer, StartedRun, "the run that it started")
            except PermanentError as error:
                return await self._find_after_loss(memory, str(error))
            return await self._running(memory, started.workflow_run_id, started.html_url)
        memory = replace(memory, phase="taken")
        await self._keep(memory)
        return await self._found_taken(memory)

    async def _find_after_loss(self, memory: Memory, loss: str) -> Memory:
        self.github.context.log.warning("answer_lost", error=loss)
        found = await self._found_lost(memory)
        if found is None:
            # What is stored stays: the next try looks once more before it dispatches with the same id.
            raise TemporaryError(f"{loss}; no run of it was found within {SEARCH_SECONDS:g} seconds", arrived=True)
        return found

    async def _found_taken(self, memory: Memory) -> Memory:
        """The run of a dispatch that GitHub took."""
        found = await self._found(memory)
        if found is None:
            raise OutcomeUnknownError(
                f"GitHub took the dispatch of '{self.config.workflow_id}', but no run of it was found within "
                f"{SEARCH_SECONDS:g} seconds; look at {self.github.repository}, then retry or roll back"
            )
        return found

    async def _found_lost(self, memory: Memory) -> Memory | None:
        """The run of a dispatch that may have been sent; None where it can be sent again."""
        found = await self._found(memory)
        if found is None and self.config.correlation_input is None:
            raise OutcomeUnknownError(
                f"whether '{self.config.workflow_id}' was started is not known: the answer was lost, and no run of it "
                f"was found within {SEARCH_SECONDS:g} seconds; look at {self.github.repository}, then retry or roll "
                "back; with 'correlation_input' it is tried again by itself"
            )
        return found

    async def _found(self, memory: Memory) -> Memory | None:
        try:
            found = await Search(github=self.github, config=self.config, memory=memory).found()
        except (PermanentError, TemporaryError) as error:
            raise OutcomeUnknownError(
                f"'{self.config.workflow_id}' may have been started, but which run that is can't be found out: {error}"
            ) from error
        if found.nameless:
            raise OutcomeUnknownError(
                f"'{self.config.workflow_id}' may have been started, but runs of it have no id in their name: "
                f"{links(found.nameless)}; look at them, then retry or roll back, and give the workflow a 'run-name' "
                f"with ${{{{ inputs.{self.config.correlation_input} }}}}"
            )
        return None if found.run is None else await self._running(memory, found.run.id, found.run.html_url)

    async def _running(self, memory: Memory, run_id: int, url: str) -> Memory:
        memory = replace(memory, phase="running", run_id=run_id, url=url, known=())
        await self._keep(memory)
        self.github.context.log.info("run_started", run_id=run_id, url=url)
        return self._owned(memory)

    def _owned(self, memory: Memory) -> Memory:
        if memory.run_id is not None:
            shared().take(self.github.base, memory.run_id, self.github.context.idempotency_key)
        return memory

    async def _keep(self, memory: Memory | None) -> None:
        await self.github.context.state.save(memory.stored() if memory is not None else {})
