"""What the documentation of `jira-ticket` says below its keys."""

from __future__ import annotations

from pao_actions.jira.config import DECLINED

_TEXT = """\
**Connection.** `host` is Jira's address (`https://example.atlassian.net`, or that of a Data Center, with its context
path). For Jira Cloud, `login` is the email of a user and `password` an API token of theirs. For Data Center, leave
`login` empty and write a personal access token as `password`, or give both for basic authentication. An OAuth token
goes into `password` without a `login`, with `https://api.atlassian.com/ex/jira/<cloud id>` as `host` and the site's
address as `site` in `extra`. Whether it is Cloud is known from the host, or asked; `"cloud": true` or `false` in
`extra` decides it. The user needs the permissions to browse projects, create issues, assign issues, add comments, link
issues and transition issues.

**Fields.** `custom_fields` are found by their name on the create screen of the project and issue type, whatever their
case, spaces and underscores; what is not there, not allowed or missing is told with the list of what is. Text,
paragraph, number, date, datetime, select, radio buttons, multi-select, checkboxes, cascading select (`{value, child}`,
or `Europe / Berlin`), users, labels and URLs are turned into Jira's form. Descriptions and comments are shown as they
are written: a value never becomes markup.

**Resolved** means a status of the category Done, or one of `done_statuses` where those are given: then a ticket in any
other status is waited for, unless it has failed. It has failed where its status or its resolution is one of
`failed_statuses`. Without that key, those by which people usually decline mean it: DECLINED. A failed ticket fails the
action, and is left as it is. Jira is asked for all waiting tickets of a connection in one query, every 15 to 60
seconds, and for one at once where its webhook tells of it. A Jira that is away is waited out.

**Once.** A ticket carries a label (`pao-` and a hash of request, action and try). Where an answer was lost, or a host
died, the ticket is looked for by it before the action goes on. Jira's search lags behind, so where nothing is found
within two minutes the action ends as `outcome_unknown`, and makes no second ticket by itself.

**Escalated.** Where a request's automatic fulfillment failed and the manual one took over, the description of its
tickets ends with the error and a link to the request; the item need not ask for it.

**Rollback.** `rollback: {type: jira-ticket}` is enough: the ticket gets a comment and is closed by a transition whose
name says that it was declined, or any other that closes it; `transition` and `comment_template` decide it, and `key`
names another ticket. One that is closed or gone already counts as undone. A rollback with a `project` of its own makes
a ticket instead, for people to undo it.
"""

NOTES = _TEXT.replace("DECLINED", ", ".join(DECLINED))
"""Markdown."""
