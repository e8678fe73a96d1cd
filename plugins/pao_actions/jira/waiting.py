"""Waits until people have resolved a ticket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from catalog_compiler.signal_names import jira_issue
from pao_actions.exceptions import ActionError, PermanentError, TemporaryError
from pao_actions.jira.client import JiraClient, open_client
from pao_actions.jira.config import JiraTicketConfig
from pao_actions.jira.exceptions import NotThereError
from pao_actions.jira.issue import Issue
from pao_actions.jira.search import read_issue
from pao_actions.jira.watching import NEVER, Watch, watch_of

FIRST_INTERVAL = 15.0
"""Seconds to the second look; from look to look it grows."""
LONGEST_INTERVAL = 60.0
GROWTH = 1.5

PATIENCE = timedelta(hours=1)
"""How long Jira may refuse every look (a revoked token, say) before the wait ends: people have a ticket at stake."""


async def until_resolved(client: JiraClient, issue: Issue, config: JiraTicketConfig) -> Issue:
    """Wait for the ticket's end; `issue` as it was seen last, whose id is certain.

    Raises:
        PermanentError: if it was declined, is gone, or is still open after `timeout`; with the ticket as the result.
    """
    context = client.context
    state = await context.state.load()
    new = "waiting_since" not in state
    if new:
        state["waiting_since"] = context.clock.now().isoformat()
        await context.state.save(state)
    await context.progress.waiting(url=client.browse_url(issue.key))
    context.log.info("ticket_waiting", key=issue.key, url=client.browse_url(issue.key))
    wait = _Wait(
        client=client,
        config=config,
        watch=watch_of(client.place),
        started=datetime.fromisoformat(str(state["waiting_since"])),
        issue=issue,
        # Nobody has resolved what was made this moment; after a restart, the first look is at once.
        looked=context.clock.now() if new else NEVER,
    )
    with wait.watch.waiting_for(issue.id):
        return await wait.run()


@dataclass(kw_only=True, slots=True)
class _Wait:
    client: JiraClient
    config: JiraTicketConfig
    watch: Watch
    started: datetime
    issue: Issue
    looked: datetime
    interval: float = FIRST_INTERVAL
    refused_since: datetime | None = None

    async def run(self) -> Issue:
        woken = self.looked != NEVER and await self._pause()
        while True:
            self._tell_changes(await self._look(directly=woken))
            match self.issue.verdict(self.config.done_statuses, self.config.failed_statuses):
                case "done":
                    self.client.context.log.info("ticket_resolved", key=self.issue.key, status=self.issue.status)
                    return self.issue
                case "failed":
                    raise self._error(
                        f"ticket {self.issue.key} was closed as {self._ending()}, which means that it was not done; "
                        f"read there why, then retry or roll back: {self._url}"
                    )
            woken = await self._pause()

    async def _look(self, *, directly: bool) -> Issue:
        """The ticket now, or as it was seen last where Jira can't be asked; those are waited out."""
        try:
            issue = await self._seen(directly=directly)
        except NotThereError as error:
            raise self._error(
                f"ticket {self.issue.key} is gone: deleted, or hidden from the user of connection "
                f"'{self.client.connection.id}'"
            ) from error
        except ActionError as error:
            self._bear(error)
            return self.issue
        self.refused_since = None
        self.interval = min(self.interval, LONGEST_INTERVAL)
        return issue

    async def _seen(self, *, directly: bool) -> Issue:
        clock = self.client.context.clock
        if not directly:
            sight = await self.watch.look(self.issue.id, self.looked, clock, self._connect)
            self.looked = sight.at
            if sight.issue is not None:
                return sight.issue
        # A query may miss a ticket that is new or has moved; reading it by its id tells for sure.
        issue = await read_issue(await self._connect(), self.issue.id)
        self.looked = clock.now()
        return issue

    async def _connect(self) -> JiraClient:
        """Anew each time, since a wait lasts for days and a token may be exchanged meanwhile."""
        opened = await open_client(self.config.connection, self.client.context)
        self.client = replace(opened, routine=True)
        return self.client

    def _bear(self, error: ActionError) -> None:
        """Go on waiting though Jira can't be asked: what people do there does not depend on it."""
        context, now = self.client.context, self.client.context.clock.now()
        self.looked = now
        first = self.refused_since is None
        self.refused_since = self.refused_since or now
        if first:
            context.log.warning("ticket_not_seen", key=self.issue.key, reason=str(error))
        if isinstance(error, TemporaryError):
            self.interval = max(self.interval, min(error.retry_after or 0.0, 10 * LONGEST_INTERVAL))
        elif now - self.refused_since > PATIENCE:
            raise self._error(f"ticket {self.issue.key} can't be looked at any more: {error}") from error

    def _tell_changes(self, issue: Issue) -> None:
        before, self.issue = self.issue, issue
        if before.status is not None and before.status != issue.status:
            self.client.context.log.info("ticket_moved_on", key=issue.key, status=issue.status)
        if issue.assignee and before.assignee != issue.assignee:
            self.client.context.log.info("ticket_assigned", key=issue.key, assignee=issue.assignee)
        if before.key != issue.key:
            self.client.context.log.info("ticket_renamed", key=issue.key, before=before.key)

    async def _pause(self) -> bool:
        """Until the next look is due, or Jira tells of the ticket; whether it did."""
        context = self.client.context
        seconds = self.interval - (context.clock.now() - self.looked).total_seconds()
        if self.config.timeout is not None:
            left = self.config.timeout - (context.clock.now() - self.started).total_seconds()
            if left <= 0:
                raise self._error(
                    f"ticket {self.issue.key} is still {self.issue.status or 'open'} after {self.config.timeout:g} "
                    f"seconds; raise 'timeout' if people need longer: {self._url}"
                )
            seconds = min(seconds, left)
        self.interval = min(self.interval * GROWTH, max(LONGEST_INTERVAL, self.interval))
        return await context.signals.wait(jira_issue(self.config.connection, self.issue.key), max(seconds, 0.0))

    def _ending(self) -> str:
        return f"'{self.issue.status}'" + (f" ({self.issue.resolution})" if self.issue.resolution else "")

    @property
    def _url(self) -> str:
        return self.client.browse_url(self.issue.key)

    def _error(self, message: str) -> PermanentError:
        return PermanentError(message, effect_possible=True, result=self.issue.result(self._url))
