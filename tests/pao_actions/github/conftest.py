"""A fake GitHub of each kind, and actions against it, on a clock that needs no time."""

import asyncio
from dataclasses import dataclass, field

import pytest
from pao_actions.attempts import perform, stop
from pao_actions.github.workflow import GithubWorkflow
from pao_actions.http_client import close_clients
from pao_actions.testing import FakeClock, MemoryLog, MemorySignals, MemoryState, make_context

from catalog_compiler.actions import Connection
from catalog_compiler.templates import Scope, render_config
from tests.fakes.github import TOKEN, GitHubFake, serving

CONFIG = {"repository": "acme/deployments", "workflow_id": "deploy.yml", "ref": "main", "inputs": {"name": "orders"}}
INPUTS = {"name": {"required": True}, "size": {}, "pao_id": {}}


class Killed(BaseException):
    """The host dies here."""


class DyingState(MemoryState):
    """A state store whose host dies at the save of that number, before or after it is stored."""

    def __init__(self, dies_at=None, *, after=True):
        super().__init__()
        self.dies_at = dies_at
        self.after = after

    async def save(self, state):
        number = len(self.saves) + 1
        if number == self.dies_at and not self.after:
            self.dies_at = None
            raise Killed
        await super().save(state)
        if number == self.dies_at:
            self.dies_at = None
            raise Killed


@dataclass
class World:
    """A fake GitHub, and what its actions share."""

    fake: GitHubFake
    clock: FakeClock
    connection: Connection
    log: MemoryLog = field(default_factory=MemoryLog)

    def context(self, **more):
        """That of an action; `more` replaces parts."""
        given = {"clock": self.clock, "signals": MemorySignals(self.clock), "log": self.log, **more}
        return make_context(self.connection, **given)

    def run(self, config=None, *, scope=None, context=None, retry=None):
        """Run one action as a host does."""
        return self.together((config or CONFIG, context or self.context()), scope=scope, retry=retry)[0]

    def together(self, *actions, scope=None, retry=None):
        """Run several at once, in one host."""

        async def host():
            try:
                return await asyncio.gather(
                    *(
                        perform(
                            GithubWorkflow(),
                            render_config(GithubWorkflow, config, scope or Scope()),
                            retry=retry,
                            timeout=None,
                            context=context,
                        )
                        for config, context in actions
                    )
                )
            finally:
                await close_clients()

        return asyncio.run(host())

    def stop(self, context, config=None):
        """Do what a host does when a person stops the action."""

        async def host():
            try:
                return await stop(GithubWorkflow(), config or CONFIG, seconds=30, context=context)
            finally:
                await close_clients()

        return asyncio.run(host())

    def events(self, name):
        """The fields of the log's events of that name."""
        return [fields for event, fields in self.log.events if event == name]


def world_of(fake, clock):
    """A world with the usual workflow and connection."""
    fake.workflow("acme/deployments", inputs=INPUTS)
    connection = Connection(id="github_default", type="github", host=fake.url, password=TOKEN)
    return World(fake=fake, clock=clock, connection=connection)


@pytest.fixture
def cloud():
    """As github.com: a dispatch tells its run."""
    clock = FakeClock()
    with serving(GitHubFake(now=clock.now)) as fake:
        yield world_of(fake, clock)


@pytest.fixture
def server():
    """As an Enterprise Server of today: a dispatch does not tell its run, and refuses to be asked."""
    clock = FakeClock()
    with serving(GitHubFake(now=clock.now, tells_run=False)) as fake:
        yield world_of(fake, clock)


@pytest.fixture(params=["cloud", "server"])
def either(request):
    """Both kinds in turn."""
    return request.getfixturevalue(request.param)
