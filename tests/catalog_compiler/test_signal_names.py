"""One thing has one name, however it is spelt where it is known from."""

from __future__ import annotations

import pytest

from catalog_compiler.signal_names import github_run, jira_issue


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("github.com", "github:github.com/example/infra/7"),
        ("api.github.com", "github:github.com/example/infra/7"),
        ("API.GitHub.com", "github:github.com/example/infra/7"),
        ("api.octo.ghe.com", "github:octo.ghe.com/example/infra/7"),
        ("octo.ghe.com", "github:octo.ghe.com/example/infra/7"),
        ("api.example.com", "github:api.example.com/example/infra/7"),
    ],
)
def test_a_run_is_named_by_the_host_of_the_pages(host, expected):
    """An Enterprise Server serves its API at the same host, whatever that is called."""
    assert expected == github_run(host, "Example/Infra", 7) == github_run(host, "example/infra", "7")


def test_an_issue_is_named_by_its_connection_and_key():
    """Keys are upper case; two connections may both have an `OPS-7`."""
    assert "jira:jira_default:OPS-7" == jira_issue("jira_default", "ops-7")
