"""What the target refuses, and what it adds to what it makes: one function a kind of resource.

Each takes what was sent, and the resource that it belongs to (empty for none), and gives what is kept beside it.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import UTC, datetime
from typing import Any

from examples.target.messages import RefusedError

Body = dict[str, Any]

QUOTA_GB = 1000
"""The largest size of one resource."""
ADMIN_KEY_DAYS = 30
"""For so many days at most a key of an administrator works."""
INTERNET = "0.0.0.0/0"
OWN_DOMAIN = "@example.com"


def text(body: Body, key: str) -> str:
    """A text of the body that must be there."""
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise RefusedError(422, f"{key} must be a text that is not empty")
    return value


def _whole(body: Body, key: str, low: int, default: int | None = None) -> int:
    value = body.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise RefusedError(422, f"{key} must be a whole number, at least {low}")
    return value


def _objects(body: Body, key: str, *needed: str) -> list[Body]:
    """A list of objects, at least one, each of which has what is needed."""
    value = body.get(key)
    if not isinstance(value, list) or not value:
        raise RefusedError(422, f"{key} must be a list with at least one entry")
    for number, entry in enumerate(value, start=1):
        for part in needed:
            if not isinstance(entry, dict) or not entry.get(part):
                raise RefusedError(422, f"entry {number} of {key} has no {part}")
    return value


def sized(sent: Body, _: Body) -> Body:
    """The size is within the quota."""
    size = _whole(sent, "size", 1, default=1)
    if size > QUOTA_GB:
        raise RefusedError(422, f"size {size} GB exceeds the quota of {QUOTA_GB} GB")
    return {}


def database(sent: Body, owner: Body) -> Body:
    """It has an address of its own."""
    sized(sent, owner)
    name = sent["name"]
    host = f"{name}.databases.example.com"
    return {"connection": {"host": host, "port": 5432, "url": f"postgresql://{host}:5432/{name}"}}


def user(sent: Body, _: Body) -> Body:
    """It has a password, and is the owner unless it says otherwise."""
    text(sent, "password")
    return {"role": sent.get("role", "owner")}


def access(sent: Body, bucket: Body) -> Body:
    """A confidential bucket names its readers."""
    if text(sent, "classification") == "confidential" and not sent.get("readers"):
        raise RefusedError(422, f"{bucket['name']} is confidential, so readers must name somebody")
    return {}


def expiry(sent: Body, _: Body) -> Body:
    """Files live a day at least."""
    _whole(sent, "expire_days", 1)
    return {}


def address(_sent: Body, _owner: Body) -> Body:
    """One of the range for documentation."""
    return {"ip": f"192.0.2.{1 + secrets.randbelow(254)}"}


def certificate(sent: Body, _: Body) -> Body:
    """It names its hosts, and a request that is sent along is one."""
    if not isinstance(sent.get("hosts"), list) or not sent["hosts"]:
        raise RefusedError(422, "hosts must name at least one host")
    if "signing_request" in sent:
        _check_signing_request(text(sent, "signing_request"))
    serial = secrets.token_hex(8)
    return {"serial": serial, "chain_url": f"https://authority.example.com/chains/{serial}.pem"}


def _check_signing_request(encoded: str) -> None:
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise RefusedError(422, "signing_request must be base64") from error
    if b"-----BEGIN CERTIFICATE REQUEST-----" not in content:
        raise RefusedError(422, "signing_request is no PEM file of a certificate request")


def load_balancer(sent: Body, _: Body) -> Body:
    """It has servers, and a certificate where it speaks HTTPS."""
    backends = _objects(sent, "backends", "host", "port")
    _whole(sent, "port", 1)
    if sent.get("protocol") == "HTTPS" and not sent.get("certificate_id"):
        raise RefusedError(422, "HTTPS needs a certificate_id")
    return {"servers": [{"host": backend["host"], "up": True} for backend in backends]}


def exception(sent: Body, _: Body) -> Body:
    """It has a reason."""
    text(sent, "reason")
    return {}


def firewall_rule(sent: Body, _: Body) -> Body:
    """It opens nothing to the whole internet, and not for the past."""
    if text(sent, "source") == INTERNET:
        raise RefusedError(422, f"source {INTERNET} is the whole internet; name who needs it")
    if sent.get("expires_on") is not None and _moment(sent, "expires_on") <= datetime.now(UTC):
        raise RefusedError(422, f"expires_on {sent['expires_on']} is past")
    return {}


def alert_rules(sent: Body, _: Body) -> Body:
    """Each rule has a name and an expression."""
    _objects(sent, "rules", "alert", "expr")
    if sent.get("muted_until") is not None:
        _moment(sent, "muted_until")
    return {}


def receiver(sent: Body, _: Body) -> Body:
    """Alerts stay in the company."""
    if sent.get("email") is not None and not text(sent, "email").endswith(OWN_DOMAIN):
        raise RefusedError(422, f"alerts go to addresses that end with {OWN_DOMAIN}")
    return {}


def rehearsal(_sent: Body, rules: Body) -> Body:
    """Muted rules tell nobody."""
    if rules.get("muted_until") is not None and _moment(rules, "muted_until") > datetime.now(UTC):
        raise RefusedError(409, f"{rules['name']} is muted until {rules['muted_until']}")
    return {}


def service_account(sent: Body, _: Body) -> Body:
    """It may do something."""
    if not isinstance(sent.get("scopes"), list) or not sent["scopes"]:
        raise RefusedError(422, "scopes must name at least one scope")
    return {}


def key(sent: Body, account: Body) -> Body:
    """Keys of administrators are renewed often."""
    days = _whole(sent, "days", 1)
    if "admin" in account["scopes"] and days > ADMIN_KEY_DAYS:
        raise RefusedError(422, f"a key with the scope admin works for {ADMIN_KEY_DAYS} days at most, not for {days}")
    return {}


def _moment(body: Body, key: str) -> datetime:
    """A time, or the beginning of a day, in UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text(body, key))
    except ValueError as error:
        raise RefusedError(422, f"{key} must be a date or a time in ISO 8601") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
