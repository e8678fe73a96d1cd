"""The `jira-ticket` action from order to outputs, on Cloud and on Data Center."""

from pao_actions.jira.documents import text_of_adf


def test_makes_the_ticket_of_the_specification(desk):
    """Its example, with a team as the assignee and a custom field by name."""
    config = {
        "summary_template": "Deploy {{fields.app_name}} to {{fields.environment}}",
        "description_template": "Application: {{fields.app_name}}\nRequested by: {{request.user.email}}\n",
        "assignee": "{{header.owner}}",
        "labels": ["platform-automation", "{{fields.environment}}"],
        "custom_fields": {"business_justification": "{{fields.justification}}"},
    }

    outcome = desk.run(config, fields={"app_name": "orders", "environment": "prod", "justification": "It pays"})

    assert "completed" == outcome.status, outcome.error
    issue = desk.jira.only()
    fields = issue["fields"]
    assert "Deploy orders to prod" == fields["summary"]
    assert {"id": "10001"} == fields["issuetype"]
    assert "ada" == fields["assignee"]["name"]
    assert ["platform-automation", "prod"] == fields["labels"][:2]
    assert fields["labels"][2].startswith("pao-")
    assert "It pays" == fields["customfield_10010"]
    text = text_of_adf(fields["description"]) if desk.jira.cloud else fields["description"]
    assert "Application: orders\nRequested by: u@example.com" == text
    url = f"{desk.jira.url}/browse/PLATFORM-1"
    assert url == outcome.result.url
    assert {
        "key": "PLATFORM-1",
        "id": issue["id"],
        "url": url,
        "status": "To Do",
        "resolution": None,
        "assignee": "Ada Lovelace",
    } == outcome.result.outputs
    assert [{"key": "PLATFORM-1", "url": url}] == desk.events("ticket_created")
