"""A ticket of a request whose automatic fulfillment failed tells people why they are asked."""

from __future__ import annotations

import pytest
from pao_actions.jira.documents import text_of_adf

ERROR = "action 'dns' failed: *https://dns.example.com* answered 422 {{nothing}}"


def told(desk, issue):
    description = issue["fields"]["description"]
    return text_of_adf(description) if desk.jira.cloud else description


@pytest.mark.parametrize(
    ("template", "begins"),
    [
        ("Application: orders\n", "Application: orders\n\nThis was tried automatically before, and failed: action"),
        ("", "This was tried automatically before, and failed: action"),
    ],
)
def test_the_description_ends_with_the_error_and_the_way_back(desk, template, begins):
    """Without the item asking for it."""
    outcome = desk.run({"description_template": template}, failure=ERROR)

    text = told(desk, desk.jira.issues[outcome.result.outputs["id"]])
    assert begins == text[: len(begins)]
    assert text.endswith(f"The request: {desk.context.request_url}")
    if desk.jira.cloud:
        assert ERROR in text


def test_a_long_error_is_cut(desk):
    """Jira takes so much text, and people read less."""
    outcome = desk.run(failure="x" * 50_000)

    text = told(desk, desk.jira.issues[outcome.result.outputs["id"]])
    assert "x" * 2_000 + "...\nThe request" in text


def test_other_tickets_tell_nothing_of_it(desk):
    """They were wanted from the start."""
    outcome = desk.run({"description_template": "Application: orders"})

    assert "Application: orders" == told(desk, desk.jira.issues[outcome.result.outputs["id"]])
