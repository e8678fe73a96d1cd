"""What is found wrong with a ticket's config before there is a request."""

import pytest
import yaml
from pao_actions.jira.ticket import JiraTicket

from catalog_compiler.actions import ConfigFacts
from catalog_compiler.checks.configs import check_config

USUAL = {"project": "PLATFORM", "issue_type": "Task", "summary_template": "Deploy {{fields.x}}"}


def problems(config, *, mode="manual", undoing=False, undone=None):
    facts = ConfigFacts(field_types={"x": "string"}, mode=mode, undoing=undoing)
    raw = JiraTicket.undo_config(config, undone) if undoing else config
    return [(finding.path, finding.message, finding.hint) for finding in check_config(JiraTicket, raw, (), facts)]


@pytest.mark.parametrize(
    "config",
    [
        USUAL,
        yaml.safe_load(JiraTicket.example),
        {**USUAL, "timeout": 3600, "done_statuses": ["Deployed"], "failed_statuses": ["Rejected"]},
        {**USUAL, "labels": ["a", "{{fields.x}}", 7], "components": "{{fields.x}}", "priority": "{{fields.x}}"},
        {
            **USUAL,
            "custom_fields": {"business_justification": "{{fields.x}}", "n": 5, "c": {"value": "a", "child": "b"}},
        },
        {**USUAL, "link_to": ["PLATFORM-1", {"key": "{{fields.x}}", "type": "blocks"}], "parent": "{{fields.x}}"},
        {**USUAL, "link_to": {"key": "OPS-1"}, "assignee": "ada@example.com", "wait": False},
        {**USUAL, "project": "{{fields.x}}", "issue_type": "{{fields.x}}"},
    ],
)
def test_good_configs_pass(config):
    """Nothing is reported."""
    assert [] == problems(config)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"transition": "Cancel", "comment_template": "{{fields.x}} is off"},
        {"key": "{{response.ticket.key}}"},
        {"key": "PLATFORM-12", "connection": "jira_ops"},
        USUAL,
        {**USUAL, "wait": True, "timeout": 60},
    ],
)
def test_good_rollbacks_pass(config):
    """One that closes the ticket, and one that makes another."""
    assert [] == problems(config, undoing=True, undone=USUAL)


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"project": None}, ("project",), "'project' must be text, and it is empty"),
        ({"project": "Platform Team"}, ("project",), "'Platform Team' is not the key of a project"),
        ({"project": "platform"}, ("project",), "'platform' is not the key of a project"),
        ({"issue_type": ""}, ("issue_type",), "'issue_type' must not be empty"),
        ({"issue_type": 5}, ("issue_type",), "'issue_type' must be text, and it is 5"),
        ({"summary_template": ""}, ("summary_template",), "the summary is empty, and Jira needs one"),
        ({"summary_template": "a\nb"}, ("summary_template",), "the summary has a line break, and it is one line"),
        (
            {"summary_template": "x" * 256},
            ("summary_template",),
            (
                "the summary has 256 characters, and Jira takes 255; shorten it, for example with the template filter "
                "truncate"
            ),
        ),
        (
            {"labels": ["platform", "two words"]},
            ("labels", 1),
            "the label 'two words' has a space, which Jira does not allow; the template filter slug makes it a hyphen",
        ),
        ({"labels": {"a": 1}}, ("labels",), "'labels' must be a list, and it is a mapping"),
        ({"labels": [{"a": 1}]}, ("labels", 0), "entry 1 of 'labels' must be text, and it is a mapping"),
        ({"components": [True]}, ("components", 0), "entry 1 of 'components' must be text, and it is true"),
        ({"parent": "twelve"}, ("parent",), "'twelve' is not the key of a ticket; one looks like PLATFORM-12"),
        ({"link_to": "https://x"}, ("link_to",), "'https://x' is not the key of a ticket; one looks like PLATFORM-12"),
        (
            {"link_to": ["OPS-1", {"key": "2"}]},
            ("link_to", 1, "key"),
            "'2' is not the key of a ticket; one looks like PLATFORM-12",
        ),
        ({"custom_fields": ["a"]}, ("custom_fields",), "'custom_fields' must be a mapping, and it is a list"),
        (
            {"custom_fields": {"Summary": "x"}},
            ("custom_fields", "Summary"),
            "the field 'Summary' is set by 'summary_template', not among 'custom_fields'",
        ),
        (
            {"custom_fields": {"cost_center": 1, "Cost Center": 2}},
            ("custom_fields", "Cost Center"),
            "'Cost Center' and 'cost_center' may be one field; drop one",
        ),
        ({"wait": "perhaps"}, ("wait",), "'wait' must be true or false, and it is 'perhaps'"),
        ({"timeout": 0}, ("timeout",), "'timeout' must be more than 0.0, and it is 0"),
        ({"timeout": "a day"}, ("timeout",), "'timeout' must be a number, and it is 'a day'"),
        ({"wait": False, "timeout": 60}, ("timeout",), "'timeout' has no meaning without waiting"),
        ({"wait": False, "done_statuses": ["A"]}, ("done_statuses",), "'done_statuses' has no meaning without waiting"),
        (
            {"wait": False, "failed_statuses": ["A"]},
            ("failed_statuses",),
            "'failed_statuses' has no meaning without waiting",
        ),
        (
            {"done_statuses": ["Closed"], "failed_statuses": ["Rejected", "closed"]},
            ("failed_statuses", 1),
            "'closed' can't mean both success and failure",
        ),
        (
            {"transition": "Done"},
            ("transition",),
            "'transition' is for the rollback that closes a ticket, and this makes one",
        ),
        (
            {"comment_template": "x"},
            ("comment_template",),
            "'comment_template' is for the rollback that closes a ticket, and this makes one",
        ),
        ({"key": "OPS-1"}, ("key",), "'key' is for the rollback that closes a ticket, and this makes one"),
        ({"connection": "{{fields.x}}"}, ("connection",), "'connection' is never templated; write it out"),
        (
            {"done_statuses": ["{{fields.x}}"]},
            ("done_statuses", 0),
            "entry 1 of 'done_statuses' is never templated; write it out",
        ),
        ({"asignee": "x"}, ("asignee",), "'asignee' is not a key of this config"),
        ({"link_to": {"key": "OPS-1", "kind": "Blocks"}}, ("link_to", "kind"), "'kind' is not a key of this config"),
    ],
)
def test_bad_configs_are_reported_where_they_are_wrong(change, path, message):
    """With the reason."""
    assert (path, message) in [(found, told) for found, told, _ in problems({**USUAL, **change})]


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        (
            {"labels": ["a"]},
            ("labels",),
            "'labels' has no meaning in this rollback, which closes a ticket; a new ticket has no 'key'",
        ),
        (
            {"transition": "x", "timeout": 5},
            ("timeout",),
            "'timeout' has no meaning in this rollback, which closes a ticket; a new ticket has no 'key'",
        ),
        ({"key": "12"}, ("key",), "'12' is not the key of a ticket; one looks like PLATFORM-12"),
        (
            {"project": "OPS", "issue_type": "Task", "summary_template": "a", "transition": "Done"},
            ("transition",),
            "'transition' is for the rollback that closes a ticket, and this makes one",
        ),
        ({"project": "OPS"}, ("issue_type",), "the key 'issue_type' is missing here; add it"),
        ({**USUAL, "timeout": 60}, ("timeout",), "'timeout' has no meaning without waiting"),
    ],
)
def test_bad_rollbacks_are_reported(config, path, message):
    """What would be accepted and ignored, among them."""
    assert (path, message) in [(found, told) for found, told, _ in problems(config, undoing=True, undone=USUAL)]


def test_waiting_is_judged_by_the_way_of_fulfillment():
    """In `automatic`, nobody waits unless the item says so."""
    config = {**USUAL, "timeout": 60}

    assert [(("timeout",), "'timeout' has no meaning without waiting", "add 'wait: true', or take it out")] == problems(
        config, mode="automatic"
    )
    assert [] == problems({**config, "wait": True}, mode="automatic")
