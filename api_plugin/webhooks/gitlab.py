"""GitLab: https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events.

It sends the webhook's secret token as it is; newer versions also sign, as https://www.standardwebhooks.com says, with a
signing token that begins with `whsec_`. Whichever the connection holds is demanded.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from api_plugin.webhooks.host import GitHost
from api_plugin.webhooks.pushes import Push, push_of
from api_plugin.webhooks.sender import Payload, Vouched, same

SIGNING_TOKEN = "whsec_"  # noqa: S105 - how one begins


class GitLabProject(Payload):
    """The repository, as far as it is looked at."""

    git_http_url: str
    git_ssh_url: str | None = None


class GitLabPush(Payload):
    """The body of GitLab's `Push Hook` and `Tag Push Hook`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "ref": "refs/heads/main",
                "project": {"git_http_url": "https://gitlab.com/example/catalog.git"},
            }
        },
    )

    ref: str
    project: GitLabProject


class GitLab(GitHost):
    """gitlab.com and GitLab of one's own."""

    name: ClassVar[str] = "gitlab"
    title: ClassVar[str] = "GitLab"
    Payload: ClassVar[type[BaseModel]] = GitLabPush
    proofs: ClassVar[tuple[str, ...]] = ("x-gitlab-token", "webhook-signature")
    delivery_ids: ClassVar[tuple[str, ...]] = ("x-gitlab-event-uuid",)

    @override
    def vouched(self, headers: Mapping[str, str], body: bytes, secret: str) -> Vouched | None:
        if secret.startswith(SIGNING_TOKEN):
            return _signed(headers, body, secret)
        if not same(headers.get("x-gitlab-token"), secret):
            return None
        # Two pushes can have the same body, and nothing in it is signed: the host's own key tells them apart.
        return Vouched(content=headers.get("idempotency-key", "").encode("utf-8", "replace") + b"." + body)

    @override
    def is_push(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-gitlab-event") in {"Push Hook", "Tag Push Hook"}

    @override
    def push(self, payload: GitLabPush) -> Push:
        return push_of([payload.project.git_http_url, payload.project.git_ssh_url], [payload.ref])


def _signed(headers: Mapping[str, str], body: bytes, secret: str) -> Vouched | None:
    stamp = headers.get("webhook-timestamp", "")
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode("utf-8", "replace") + body
    try:
        key = base64.b64decode(secret.removeprefix(SIGNING_TOKEN), validate=True)
        at = dt.datetime.fromtimestamp(int(stamp), dt.UTC)
    except (binascii.Error, ValueError, OverflowError, OSError):
        return None
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # Several, separated by spaces, while the host changes its token.
    given = headers.get("webhook-signature", "").split(" ")
    return Vouched(content=signed, at=at) if any(same(one, wanted) for one in given) else None
