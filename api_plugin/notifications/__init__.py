"""Tells requesters and owners what became of requests: by email, Slack, Teams and signed webhook, once at most."""
