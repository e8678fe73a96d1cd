"""Owners are told once of each change of their errors."""

from __future__ import annotations

from api_plugin.owner_reports import due_reports


def a_problem(item_id="db", **more):
    return {
        "severity": "error", "item_id": item_id, "file": "catalog/db.yaml", "pointer": "/a", "code": "invalid-range",
        "message": "min is greater than max", "line": 1,
    } | more  # fmt: skip


ITEM_OWNERS = {"db": "team-a", "queue": "team-b"}
OWNERS = {"team-a": {"contact": "a@example.com", "jira_account": None}}


def due(*problems, reported=None):
    return due_reports(problems, item_owners=ITEM_OWNERS, owners=OWNERS, reported=reported or {})


def told(*problems):
    """What is stored once everyone was told of these."""
    return {report.owner or "": report.digest for report in due(*problems)}


def test_each_owner_is_told_of_their_own_errors():
    """Warnings are for who looks; files of which no item can be read belong to nobody in particular."""
    reports = due(
        a_problem(), a_problem("queue"), a_problem(None), a_problem(severity="warning", code="breaking-change")
    )

    assert [(None, None, 1), ("team-a", "a@example.com", 1), ("team-b", None, 1)] == [
        (report.owner, report.contact, len(report.problems)) for report in reports
    ]


def test_what_was_told_is_not_told_again():
    """Nor where it moved to another line."""
    reported = told(a_problem(), a_problem("queue"))

    assert [] == due(a_problem("queue", line=7), a_problem(), reported=reported)


def test_a_change_is_told_to_whom_it_concerns():
    """Another error of the same item."""
    reported = told(a_problem(), a_problem("queue"))

    assert ["team-a"] == [
        report.owner for report in due(a_problem(message="other"), a_problem("queue"), reported=reported)
    ]


def test_that_all_is_well_again_is_told_once():
    """With an empty digest, by which the note of it goes."""
    (report,) = due(a_problem("queue"), reported=told(a_problem(), a_problem("queue")))

    assert ("team-a", (), "") == (report.owner, report.problems, report.digest)
    assert [] == due(a_problem("queue"), reported=told(a_problem("queue")))
