"""A Jira Cloud and a Jira Data Center, one of each for all tests of a module, and how tests run the action there."""

from dataclasses import replace

import pytest
from pao_actions.jira.ticket import JiraTicket
from pao_actions.testing import FakeClock, MemoryLog, MemorySignals, MemoryState, MemoryTeams, make_context, run_action

from catalog_compiler.actions import Connection
from catalog_compiler.templates import Scope
from tests.fakes.jira import EMAIL, TOKEN, fake_jira

USUAL = {"project": "PLATFORM", "issue_type": "Task", "summary_template": "Deploy"}


class Desk:
    """Where a test orders tickets: one Jira, one state, one clock, one log. `again` is the same after a restart."""

    def __init__(self, jira):
        self.jira = jira
        self.clock = FakeClock()
        self.state = MemoryState()
        self.log = MemoryLog()
        self.signals = MemorySignals(self.clock)
        self.context = make_context(
            self.connection(),
            state=self.state,
            log=self.log,
            clock=self.clock,
            signals=self.signals,
            teams=MemoryTeams(platform="ada@example.com", nobody="x@example.com"),
        )

    def connection(self, **more):
        usual = {"host": self.jira.url, "login": EMAIL, "password": TOKEN}
        return Connection(id="jira_default", type="jira", **(usual | more))

    def run(self, config=None, *, fields=None, response=None, **context):
        """Run the action with the usual config and this."""
        return run_action(
            JiraTicket(),
            {**USUAL, **(config or {})},
            scope=Scope(
                fields=fields or {},
                header={"owner": "platform"},
                request={"user": {"email": "u@example.com"}},
                response=response or {},
            ),
            context=replace(self.context, **context),
        )

    def undo(self, config, *, fields=None, response=None, **context):
        """Run a rollback as the plan completes its config."""
        completed = JiraTicket.undo_config(config, USUAL)
        return run_action(
            JiraTicket(),
            completed,
            scope=Scope(fields=fields or {}, response=response or {}),
            context=replace(
                self.context, undoing=True, **({"undone": self.stored(), "state": MemoryState()} | context)
            ),
        )

    def stored(self):
        """What the action stored last."""
        return self.state.saves[-1].get("action", {}) if self.state.saves else {}

    def events(self, name):
        """The fields of each event of that name."""
        return [fields for event, fields in self.log.events if event == name]


@pytest.fixture(scope="module")
def _jiras():
    with fake_jira(cloud=True) as cloud, fake_jira(cloud=False) as server:
        yield {"cloud": cloud, "server": server}


@pytest.fixture(params=["cloud", "server"])
def desk(request, _jiras):
    """Each test runs against both."""
    _jiras[request.param].reset()
    return Desk(_jiras[request.param])


@pytest.fixture
def cloud(_jiras):
    """Cloud alone."""
    _jiras["cloud"].reset()
    return Desk(_jiras["cloud"])


@pytest.fixture
def server(_jiras):
    """Data Center alone."""
    _jiras["server"].reset()
    return Desk(_jiras["server"])
