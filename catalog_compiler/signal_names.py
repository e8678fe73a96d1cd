"""The names under which news from outside reaches the actions that wait for it.

The API gives a webhook's news its name; an action waits for the name of what it began. So both make it here.
"""

from __future__ import annotations

_API = "api."
"""How the host of GitHub's API begins in its cloud; an Enterprise Server serves its API where its pages are."""


def github_run(host: str, repository: str, run_id: int | str) -> str:
    """That of a workflow run: `github:<host>/<owner>/<repository>/<run id>`, in lower case.

    `host` is that of GitHub's pages or of its API, without a port: `github.com`, `api.github.com`, or GitHub
    Enterprise's own; `repository` is its full name, `owner/name`.
    """
    name = host.lower()
    if name == "api.github.com" or name.endswith(".ghe.com"):
        name = name.removeprefix(_API)
    return f"github:{name}/{repository.lower()}/{run_id}"


def jira_issue(connection: str, key: str) -> str:
    """That of an issue: `jira:<connection id>:<ISSUE-KEY>`."""
    return f"jira:{connection}:{key.upper()}"
