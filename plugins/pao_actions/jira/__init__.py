"""The `jira-ticket` action: tickets in Jira Cloud and Jira Data Center, made once, waited for, and closed again.

`ticket` is the action type, `client` speaks Jira's REST API, `screen` knows what a create screen asks for.
"""
