"""Slack's `chat.postMessage`, `chat.getPermalink` and incoming webhooks, with a memory.

Checked against the reference of the method (https://docs.slack.dev/reference/methods/chat.postMessage, its errors in
slack-ruby/slack-api-ref, `methods/chat/chat.postMessage.json`), the guide on formatting (`&`, `<`, `>` as entities, and
links and mentions between angle brackets), the rate limits (429 with `Retry-After`, `ratelimited`), and the changelog
on errors of incoming webhooks (2016-05-17: 400 `invalid_payload`, 403 `action_prohibited`, 404 `channel_not_found`, 410
`channel_is_archived`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.faulty_server import Call, Faults, Reply, serving

TOKEN = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy"
HOOK = "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
MARK = re.compile(r"<([^<>\n]*)>")


@dataclass
class Channel:
    """A channel, by its id."""

    name: str
    member: bool = True
    archived: bool = False
    read_only: bool = False


@dataclass
class FakeSlack(Faults):
    """`messages` lists what was posted, as it came."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    channels: dict[str, Channel] = field(
        default_factory=lambda: {
            "C012AB3CD": Channel("platform"),
            "C0ARCHIVE": Channel("old", archived=True),
            "C0STRANGE": Channel("strange", member=False),
            "C0READONL": Channel("news", read_only=True),
        }
    )
    url: str = ""

    def answer(self, call: Call) -> Reply:
        """What Slack answers."""
        path = urlsplit(call.path)
        if path.path == f"/services/{HOOK}":
            return self._hook(json.loads(call.body))
        if path.path.startswith("/services/"):
            return Reply(404, "no_service")
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            code = "invalid_auth" if "authorization" in call.headers else "not_authed"
            return Reply(200, {"ok": False, "error": code})
        if path.path == "/api/chat.postMessage":
            return Reply(200, self._post(json.loads(call.body)))
        if path.path == "/api/chat.getPermalink":
            query = {name: values[0] for name, values in parse_qs(path.query).items()}
            return Reply(200, self._link(query["channel"], query["message_ts"]))
        return Reply(200, {"ok": False, "error": "unknown_method"})

    def _post(self, message: dict[str, Any]) -> dict[str, Any]:
        channel = next(
            (key for key, value in self.channels.items() if message["channel"] in (key, value.name, f"#{value.name}")),
            None,
        )
        if code := self._refusal(channel, message):
            return {"ok": False, "error": code}
        ts = f"{1_700_000_000 + len(self.messages)}.000100"
        self.messages.append({**message, "ts": ts})
        return {"ok": True, "channel": channel, "ts": ts, "message": {"text": message["text"], "ts": ts}}

    def _refusal(self, channel: str | None, message: dict[str, Any]) -> str | None:
        if channel is None:
            return "channel_not_found"
        place = self.channels[channel]
        refusals = {
            "not_in_channel": not place.member,
            "is_archived": place.archived,
            "restricted_action_read_only_channel": place.read_only,
            "no_text": not message.get("text"),
            "msg_too_long": len(message.get("text", "")) > 40_000,
            "invalid_blocks": any("type" not in block for block in message.get("blocks", [])),
            "thread_not_found": message.get("thread_ts") not in {None, *(sent["ts"] for sent in self.messages)},
        }
        return next((code for code, holds in refusals.items() if holds), None)

    def _link(self, channel: str, ts: str) -> dict[str, Any]:
        if not any(message["ts"] == ts for message in self.messages):
            return {"ok": False, "error": "message_not_found"}
        return {"ok": True, "permalink": f"https://acme.slack.com/archives/{channel}/p{ts.replace('.', '')}"}

    def _hook(self, message: dict[str, Any]) -> Reply:
        if not message.get("text"):
            return Reply(400, "no_text")
        if "channel" in message:
            return Reply(403, "action_prohibited")
        self.messages.append(message)
        return Reply(200, "ok")


def shown(text: str) -> str:
    """A text as people read it: marks with their label, entities as characters."""
    plain = MARK.sub(lambda match: f"[{match[1].rpartition('|')[2]}]", text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def marks(text: str) -> list[str]:
    """What Slack acts on in a text: links and mentions."""
    return MARK.findall(text)


@contextmanager
def fake_slack() -> Iterator[FakeSlack]:
    """Serve it."""
    slack = FakeSlack()
    with serving(slack.answer, slack) as address:
        slack.url = address
        yield slack
