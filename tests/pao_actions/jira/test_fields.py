"""Fields of a ticket: found by name, turned into Jira's types, refused with what there is."""

import pytest
from pao_actions.jira.documents import text_of_adf

from tests.fakes.jira import custom, option, system

NAMES = (
    "Approver, Business Justification, Checks, Cost Center, Due date, Environment Tier, Location, Needed By, "
    "Regions, Reporter, Reviewers, Risk Details, Runbook, Tags, Team Name, Team-Name, Urgency, Window"
)


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("business_justification", "It pays", "It pays"),
        ("BUSINESS justification", 5, "5"),
        ("customfield_10010", " spaces ", "spaces"),
        ("cost_center", 4711, 4711),
        ("Cost Center", "47.5", 47.5),
        ("cost-center", "1e3", 1000),
        ("environment_tier", "gold", {"id": "101"}),
        ("Environment Tier", "102", {"id": "102"}),
        ("regions", ["EU", "us"], [{"id": "111"}, {"id": "112"}]),
        ("regions", "EU", [{"id": "111"}]),
        ("needed_by", "2025-12-31", "2025-12-31"),
        ("needed_by", "2025-12-31T10:00:00Z", "2025-12-31"),
        ("due_date", "2025-12-31", "2025-12-31"),
        ("window", "2025-12-31T10:00:00+01:00", "2025-12-31T10:00:00.000+0100"),
        ("window", "2025-12-31T10:00:00.123456Z", "2025-12-31T10:00:00.123+0000"),
        ("location", {"value": "Europe", "child": "Berlin"}, {"id": "121", "child": {"id": "122"}}),
        ("location", {"value": "Europe", "child": {"value": "Paris"}}, {"id": "121", "child": {"id": "123"}}),
        ("location", "europe / berlin", {"id": "121", "child": {"id": "122"}}),
        ("location", ["Europe", "Berlin"], {"id": "121", "child": {"id": "122"}}),
        ("location", "Asia", {"id": "124"}),
        ("tags", ["a", "b"], ["a", "b"]),
        ("tags", "a", ["a"]),
        ("runbook", "https://example.com/x", "https://example.com/x"),
        ("checks", ["Backup"], [{"id": "131"}]),
        ("urgency", "Now", {"id": "141"}),
        ("team name", "by its exact name", "by its exact name"),
    ],
)
def test_a_value_gets_the_fields_type(desk, name, value, stored):
    """A template that is one reference keeps its type."""
    outcome = desk.run({"custom_fields": {name: "{{fields.x}}"}}, fields={"x": value})

    assert "completed" == outcome.status, outcome.error
    fields = desk.jira.only()["fields"]
    assert stored in [fields[field] for field in fields if field.startswith("customfield_") or field == "duedate"]


def test_users_are_found_for_fields(desk):
    """By email, name or account; several where the field takes several."""
    config = {"custom_fields": {"approver": "ada@example.com", "reviewers": ["Grace Hopper", "ada@example.com"]}}

    outcome = desk.run(config)

    assert "completed" == outcome.status, outcome.error
    fields = desk.jira.only()["fields"]
    key = "accountId" if desk.jira.cloud else "name"
    ada, grace = ({key: user[key]} for user in desk.jira.users[:2])
    assert (ada, [grace, ada]) == (fields["customfield_10017"], fields["customfield_10018"])


def test_a_paragraph_is_written_as_jira_stores_texts(desk):
    """Several lines; no markup."""
    desk.run({"custom_fields": {"risk_details": "*a*\nb"}})

    stored = desk.jira.only()["fields"]["customfield_10011"]
    assert ("*a*\nb" if desk.jira.cloud else "\\*a\\*\nb") == (text_of_adf(stored) if desk.jira.cloud else stored)


@pytest.mark.parametrize("value", [None, "", "  ", []])
def test_what_was_not_given_is_left_to_jira(desk, value):
    """An optional field that was not filled in."""
    desk.run({"custom_fields": {"business_justification": "{{fields.x}}"}}, fields={"x": value})

    assert "customfield_10010" not in desk.jira.only()["fields"]


def test_a_field_of_an_app_gets_what_the_item_says(desk):
    """PAO does not know its type."""
    desk.jira.fields.append(custom(10099, "Sprint", "gh-sprint", "any"))

    desk.run({"custom_fields": {"sprint": 12}})

    assert 12 == desk.jira.only()["fields"]["customfield_10099"]


def test_components_priority_and_parent(desk):
    """By name, whatever its case; a parent by its key."""
    desk.jira.add("PLATFORM-90")

    outcome = desk.run({"components": ["databases"], "priority": "HIGH", "parent": "PLATFORM-90"})

    assert "completed" == outcome.status, outcome.error
    fields = list(desk.jira.issues.values())[1]["fields"]
    assert ([{"id": "31"}], {"id": "1"}, {"key": "PLATFORM-90"}) == (
        fields["components"],
        fields["priority"],
        fields["parent"],
    )


def test_an_epic_of_data_center_is_a_custom_field(server):
    """Where the screen has no parent."""
    server.jira.fields = [field for field in server.jira.fields if field["fieldId"] != "parent"]
    server.jira.fields.append(custom(10100, "Epic Link", "gh-epic-link", "any"))

    server.run({"parent": "PLATFORM-90"})

    assert "PLATFORM-90" == server.jira.only()["fields"]["customfield_10100"]


def test_labels_come_from_lists_too(desk):
    """A multi-selection among them; absent and repeated ones fall out."""
    labels = ["a", "{{fields.list}}", "{{fields.none}}", "a", 7]

    desk.run({"labels": labels}, fields={"list": ["b", "c"], "none": None})

    assert ["a", "b", "c", "7"] == desk.jira.only()["fields"]["labels"][:-1]


def test_a_screen_is_asked_for_once_in_some_minutes(desk):
    """All pages of it."""
    desk.jira.page = 7

    outcome = desk.run({"custom_fields": {"team-name": "x"}})

    assert "completed" == outcome.status, outcome.error
    assert 4 == len(desk.jira.calls_of("GET", "/issue/createmeta/PLATFORM/issuetypes/10001"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"project": "NOPE"}, "project 'NOPE' is not there, or the user of connection 'jira_default' may not create"),
        ({"issue_type": "Bug"}, "project PLATFORM has no issue type 'Bug'; it has Service Request, Task"),
        (
            {"custom_fields": {"buisness": "x"}},
            f"Task in PLATFORM has no field 'buisness' on its create screen; there are {NAMES}",
        ),
        (
            {"custom_fields": {"team_name": "x"}},
            (
                "2 fields of Task in PLATFORM are named like 'team_name': customfield_10030, customfield_10031; write "
                "the id of the one you mean"
            ),
        ),
        (
            {"custom_fields": {"Summary": "x"}},
            "the field 'Summary' is set by the config's 'summary_template', not among 'custom_fields'",
        ),
        (
            {"custom_fields": {"Cost Center": 1, "customfield_10012": 2}},
            "'Cost Center' and 'customfield_10012' are the same field, 'Cost Center'; drop one",
        ),
        (
            {"custom_fields": {"cost_center": "many"}},
            "the field 'Cost Center' takes a number, and not 'many'",
        ),
        ({"custom_fields": {"cost_center": "nan"}}, "the field 'Cost Center' takes a number, and not 'nan'"),
        ({"custom_fields": {"cost_center": True}}, "the field 'Cost Center' takes a number, and not 'true'"),
        (
            {"custom_fields": {"environment_tier": "Bronze"}},
            "the field 'Environment Tier' has no option 'Bronze'; it has Gold, Silver",
        ),
        (
            {"custom_fields": {"environment_tier": ["Gold"]}},
            "the field 'Environment Tier' takes one value, and it is given a list",
        ),
        ({"custom_fields": {"regions": ["EU", "Mars"]}}, "the field 'Regions' has no option 'Mars'; it has EU, US"),
        (
            {"custom_fields": {"location": "Europe / Rome"}},
            "the field 'Location' has no option 'Rome'; it has Berlin, Paris",
        ),
        (
            {"custom_fields": {"location": {"value": "Asia", "child": "Tokyo"}}},
            "the field 'Location' has no option 'Tokyo'; it has none",
        ),
        (
            {"custom_fields": {"location": {"value": {"a": 1}}}},
            "the field 'Location' takes one value, and it is given an object",
        ),
        (
            {"custom_fields": {"needed_by": "31.12.2025"}},
            "the field 'Needed By' takes a date, such as 2025-12-31, and not '31.12.2025'",
        ),
        (
            {"custom_fields": {"window": "2025-12-31T10:00:00"}},
            (
                "the field 'Window' takes a date and time with its zone, such as 2025-12-31T12:00:00+00:00, and not "
                "'2025-12-31T10:00:00'"
            ),
        ),
        (
            {"custom_fields": {"approver": "nobody@example.com"}},
            "the field 'Approver' takes a user, and Jira knows none, or several, by 'nobody@example.com'",
        ),
        (
            {"custom_fields": {"tags": ["two words"]}},
            (
                "the field 'Tags': the label 'two words' has a space, which Jira does not allow; the template filter "
                "slug makes it a hyphen"
            ),
        ),
        (
            {"custom_fields": {"runbook": "example.com"}},
            "the field 'Runbook' takes a URL, such as https://example.com, and not 'example.com'",
        ),
        (
            {"custom_fields": {"business_justification": "a\nb"}},
            "the field 'Business Justification' takes one line of text, and its value has a line break",
        ),
        (
            {"custom_fields": {"risk_details": "x" * 32768}},
            (
                "the field 'Risk Details' has 32768 characters, and Jira takes 32767; shorten it, for example with the "
                "template filter truncate"
            ),
        ),
        (
            {"description_template": "a\u0007b"},
            "the description has the character U+0007, which Jira can't store; take it out of the value",
        ),
        (
            {"summary_template": "x" * 256},
            (
                "the summary has 256 characters, and Jira takes 255; shorten it, for example with the template filter "
                "truncate"
            ),
        ),
        ({"summary_template": "  "}, "the summary is empty, and Jira needs one"),
        ({"labels": ["two words"]}, "the label 'two words' has a space, which Jira does not allow"),
        ({"labels": ["x" * 256]}, f"the label '{'x' * 40}...' has 256 characters, and Jira takes 255"),
        ({"components": ["Databses"]}, "the field 'Components' has no option 'Databses'; it has Databases, Networking"),
        ({"priority": "Urgent"}, "the field 'Priority' has no option 'Urgent'; it has High, Low"),
        ({"parent": "12"}, "'12' is not the key of a ticket; one looks like PLATFORM-12"),
        ({"link_to": "twelve"}, "'twelve' is not the key of a ticket; one looks like PLATFORM-12"),
        (
            {"link_to": {"key": "PLATFORM-90", "type": "Clones"}},
            "Jira has no type of link 'Clones'; it has Blocks, Relates",
        ),
        ({"link_to": "PLATFORM-404"}, "the ticket PLATFORM-404 to link to is not there"),
    ],
)
def test_what_does_not_fit_fails_before_a_ticket_is_made(desk, config, message):
    """Once, with nothing to undo."""
    outcome = desk.run(config)

    assert ("failed", 1, False) == (outcome.status, outcome.attempts, outcome.error.effect_possible)
    assert outcome.error.message.startswith(message)
    assert {} == desk.jira.issues


def test_required_fields_are_told_at_once(desk):
    """All that are missing; one with a default is not."""
    desk.jira.fields += [
        system("environment", "Environment", "string", required=True),
        custom(10200, "Budget", "float", "number", required=True),
        custom(10201, "Tier", "select", "option", required=True, hasDefaultValue=True, allowedValues=[option(1, "a")]),
    ]

    outcome = desk.run()

    assert (
        "Task in PLATFORM needs 'Budget' and 'Environment', which are not given; add them to the item, under "
        "'custom_fields' or by a key of its own"
    ) == outcome.error.message


@pytest.mark.parametrize(
    ("field", "config"),
    [
        ("components", {"components": ["Databases"]}),
        ("priority", {"priority": "High"}),
        ("labels", {"labels": ["a"]}),
        ("description", {"description_template": "a"}),
    ],
)
def test_a_key_whose_field_the_screen_lacks(desk, field, config):
    """It would be accepted by nobody."""
    desk.jira.fields = [entry for entry in desk.jira.fields if entry["fieldId"] != field]

    outcome = desk.run(config)

    (key,) = config
    assert (
        f"Task in PLATFORM has no field for '{key}' on its create screen; take '{key}' out, or have a Jira "
        "administrator add it there"
    ) == outcome.error.message
