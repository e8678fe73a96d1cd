"""What Slack's error codes mean for whoever wrote the item, by the API's own reference of `chat.postMessage`."""

from __future__ import annotations

from pao_actions.exceptions import ActionError, PermanentError, TemporaryError

REMEDIES = {
    "access_denied": "the app may not do this; have an administrator of the workspace allow it",
    "account_inactive": "the bot's account was removed; install the app anew, and put its new token in the connection",
    "action_prohibited": "the workspace does not let this webhook post; ask its administrator",
    "channel_is_archived": "the channel is archived; post to another one",
    "channel_not_found": "there is no such channel, or the app can't see it; write its id, and invite the app to it",
    "ekm_access_denied": "the workspace's administrators have suspended posting",
    "invalid_arguments": "Slack does not understand the message; check 'blocks' and 'thread'",
    "invalid_auth": "the token is not valid; put the app's bot token into the connection's password",
    "invalid_blocks": "'blocks' are not what Block Kit describes; try them in Slack's Block Kit Builder",
    "invalid_blocks_format": "'blocks' are not what Block Kit describes; try them in Slack's Block Kit Builder",
    "invalid_payload": "Slack does not understand the message; check 'blocks'",
    "invalid_token": "the webhook's address is not valid; copy it anew from the app's settings",
    "is_archived": "the channel is archived; post to another one",
    "missing_scope": "the app lacks a scope; give it 'chat:write' (and 'chat:write.public'), and install it anew",
    "msg_too_long": "the message is too long; shorten it with the filter 'truncate'",
    "no_active_hooks": "the webhook was switched off; make a new one in the app's settings",
    "no_permission": "the app may not post there; invite it to the channel",
    "no_service": "the webhook was removed; make a new one in the app's settings",
    "no_team": "the workspace of the webhook is gone; make a new webhook",
    "no_text": "the message has no text; fill 'text_template'",
    "not_allowed_token_type": "this kind of token can't post; use a bot token (xoxb-...)",
    "not_authed": "the call carried no token; put the app's bot token into the connection's password",
    "not_in_channel": "the app is not in the channel; invite it there",
    "org_login_required": "the workspace is being moved to an enterprise; wait until that is done",
    "restricted_action": "the workspace does not let the app post; ask its administrator",
    "restricted_action_non_threadable_channel": "the channel takes no answers in threads; drop 'thread'",
    "restricted_action_read_only_channel": "the channel is read-only; post to another one",
    "restricted_action_thread_only_channel": "the channel takes only answers in threads; give a 'thread'",
    "team_access_not_granted": "the app is not installed in that workspace; install it there",
    "thread_not_found": "there is no message with that 'ts'; give 'thread' the output 'ts' of an earlier message",
    "token_expired": "the token has expired; put a new one into the connection's password",
    "token_revoked": "the token was revoked; install the app anew, and put its new token into the connection",
    "too_many_attachments": "the message has too many parts; shorten 'blocks'",
    "user_not_found": "there is no such user; correct 'channel'",
}
"""Error code to what is wrong and what to do."""

_NOT_ARRIVED = frozenset({"ratelimited", "rate_limited", "request_timeout", "service_unavailable", "team_added_to_org"})
_PERHAPS_ARRIVED = frozenset({"fatal_error", "internal_error", "rollup_error"})
"""Of these Slack says that a part of the work may have been done."""


def slack_error(code: str, pause: float | None) -> ActionError:
    """The error of a message that Slack answered with this code; `pause` is what it wishes to wait, in seconds."""
    if code in _NOT_ARRIVED:
        return TemporaryError(f"Slack could not take the message for now: {code}", arrived=False, retry_after=pause)
    if code in _PERHAPS_ARRIVED:
        return TemporaryError(f"Slack failed at the message: {code}", arrived=True, retry_after=pause)
    remedy = REMEDIES.get(code, "look it up at https://docs.slack.dev/reference/methods/chat.postMessage")
    return PermanentError(f"Slack refused the message: {code}: {remedy}")
