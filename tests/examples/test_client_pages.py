"""What the example client shows, as text of a page's width."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from rich.console import Console, RenderableType

from examples.client.catalog_pages import catalog_page, condition_words, form_page
from examples.client.following import Following
from examples.client.request_pages import change_line, outputs_page, progress_page, undone_page, values_page
from examples.client.tables import WIDTH, heading

NOW = dt.datetime(2026, 1, 1, 12, 0, 5, tzinfo=dt.UTC)
BEGAN = "2026-01-01T12:00:01.500000Z"
ENDED = "2026-01-01T12:00:02.750000Z"


def lines(page: RenderableType) -> list[str]:
    """The lines that are printed where there is no terminal, without what is blank."""
    console = Console(file=io.StringIO(), width=WIDTH)
    console.print(page)
    printed = console.file.getvalue().splitlines()
    assert all(len(line) <= WIDTH for line in printed)
    return [line.rstrip() for line in printed if line.strip()]


def words(page: RenderableType) -> list[list[str]]:
    """Each line below a table's head, cut where two spaces or more stand."""
    return [[part.strip() for part in line.split("  ") if part.strip()] for line in lines(page)[2:]]


def action(name: str, status: str, started: str | None = None, ended: str | None = None) -> dict[str, object]:
    return {"name": name, "type": "rest-api", "status": status, "started_at": started, "ended_at": ended}


def test_the_catalog_is_shown_by_category_and_name():
    """One line an item, with the team and the time that it promises."""
    queue = {
        "id": "message-queue",
        "name": "Queue",
        "description": "A queue.",
        "version": "1.2.0",
        "category": "messaging",
        "owner": "team-m",
        "sla": None,
    }
    database = {
        "id": "database",
        "name": "Database",
        "description": "A [bold]database[/].",
        "version": "1.0.0",
        "category": "databases",
        "owner": "team-d",
        "sla": {"provisioning_time": "30 minutes", "support_level": "tier-1"},
    }

    assert [
        ["database", "A [bold]database[/].", "1.0.0", "team-d", "30 minutes"],
        ["message-queue", "A queue.", "1.2.0", "team-m"],
    ] == words(catalog_page([queue, database]))


def test_a_form_shows_each_field_with_what_is_asked_of_it():
    """In its group, with type, whether it is required, default and condition."""
    fields = [
        {"id": "environment", "name": "Environment", "type": "selection", "required": True, "default": "staging"},
        {"id": "standby", "name": "Standby", "type": "boolean", "default": False},
        {
            "id": "why",
            "name": "Why",
            "type": "text",
            "required": True,
            "conditional": {"field": "environment", "operator": "eq", "value": "production"},
        },
    ]
    item = {"presentation": {"groups": [{"id": "basics", "name": "Basics", "fields": fields}]}}

    assert [
        ["Basics"],
        ["Environment", "selection", "yes", "staging"],
        ["Standby", "boolean", "no"],
        ["Why", "text", "yes", "Environment is production"],
    ] == words(form_page(item))


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        pytest.param(None, "", id="none"),
        pytest.param({"field": "size", "operator": "gte", "value": 10}, "Size is at least 10", id="order"),
        pytest.param({"field": "zone", "operator": "in", "value": ["a", "b"]}, "zone is a or b", id="any of"),
        pytest.param(
            {
                "all": [
                    {"field": "size", "operator": "ne", "value": 1},
                    {"field": "on", "operator": "eq", "value": True},
                ]
            },
            "Size is not 1 and on is yes",
            id="all",
        ),
        pytest.param(
            {
                "any": [
                    {"field": "on", "operator": "eq", "value": True},
                    {
                        "all": [
                            {"field": "size", "operator": "gte", "value": 1},
                            {"field": "size", "operator": "lt", "value": 5},
                        ]
                    },
                ]
            },
            "on is yes or (Size is at least 1 and Size is under 5)",
            id="one in another",
        ),
        pytest.param({"not": {"field": "on", "operator": "eq", "value": False}}, "not (on is no)", id="not"),
    ],
)
def test_a_condition_reads_as_a_sentence(condition, sentence):
    """With the field's name where there is one."""
    assert sentence == condition_words(condition, {"size": "Size"})


def test_progress_shows_each_action_with_the_time_that_it_took():
    """An action that is under way has taken the time until now; one that was skipped none."""
    following = Following(
        status="in_progress",
        actions=(
            action("database", "completed", BEGAN, ENDED),
            action("owner", "running", BEGAN),
            action("dns", "pending"),
            action("announcement", "skipped", BEGAN, ENDED),
        ),
    )

    assert [
        ["✓", "database", "Creates it.", "completed", "1.25"],
        ["●", "owner", "rest-api", "running", "3.50"],
        ["·", "dns", "rest-api", "pending"],
        ["·", "announcement", "rest-api", "skipped"],
        ["Request in progress"],
    ] == words(progress_page(following, {"database": "Creates it.", "owner": None}, NOW))


def test_what_an_action_waits_for_is_shown_below():
    """Where a person can look; one that tells no link, or is over, has no line."""
    ticket = {**action("ticket", "waiting", BEGAN), "url": "https://jira.example.com/browse/OPS-1"}
    run = {**action("run", "completed", BEGAN, ENDED), "url": "https://github.com/o/r/actions/runs/1"}
    following = Following(status="in_progress", actions=(ticket, run, {**action("job", "waiting", BEGAN), "url": None}))

    assert [["Request in progress"], ["ticket waits for https://jira.example.com/browse/OPS-1"]] == words(
        progress_page(following, {}, NOW)
    )[3:]


def test_a_status_of_a_later_version_is_shown_as_it_is():
    """Unknown to the client, but not to the reader."""
    following = Following(status="awaiting_approval", actions=(action("dns", "thinking_twice"),))

    assert [["?", "dns", "rest-api", "thinking twice"], ["Request awaiting approval"]] == words(
        progress_page(following, {}, NOW)
    )


def test_outputs_name_their_action_once():
    """Below it, one line an output."""
    outputs = {"database": {"id": "db-1", "port": 5432}, "dns": {"fqdn": "orders.example.com"}}

    assert [["database", "id", "db-1"], ["port", "5432"], ["dns", "fqdn", "orders.example.com"]] == words(
        outputs_page(outputs)
    )


def test_accepted_values_are_shown_as_answered():
    """Masked where the API masks them, and never taken for markup."""
    assert [["name", "[red]x[/]"], ["password", "***"], ["standby", "no"]] == words(
        values_page({"name": "[red]x[/]", "password": "***", "standby": False})
    )


def test_what_was_undone_keeps_its_order():
    """The API names the newest first."""
    assert [["↶", "owner", "Creates the account."], ["↶", "database"]] == words(
        undone_page(["owner", "database"], {"owner": "Creates the account."})
    )


def test_a_change_is_one_line():
    """For logs and pipes: when, what, how it stands."""
    assert ["    12.3 s  ✓ dns            completed"] == lines(change_line(12.34, "dns", "completed"))


def test_a_heading_is_text_and_no_markup():
    """It may hold the name of an item."""
    assert lines(heading("The form of [x]"))[0].startswith("The form of [x] ─")
