"""What is ordered of each item of the example catalog, and what must come of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime.now(UTC)


def day(distance: int) -> str:
    """The date so many days from now."""
    return (NOW + timedelta(days=distance)).date().isoformat()


def moment(distance: int) -> str:
    """The time so many days from now."""
    return (NOW + timedelta(days=distance)).strftime("%Y-%m-%dT%H:%M:%SZ")


def upload(name: str, content: str) -> str:
    """A file as a form gives it."""
    return f"data:text/plain;name={name};base64,{base64.b64encode(content.encode()).decode()}"


SIGNING_REQUEST = (
    "-----BEGIN CERTIFICATE REQUEST-----\nMIIBWTCCAQACAQAwXTELMAkGA1UEBhMC\n-----END CERTIFICATE REQUEST-----\n"
)
RULES = "- alert: OrdersLate\n  expr: delay > 5\n- {alert: OrdersLost, expr: lost > 0, for: 1m}\n"
BACKENDS = [{"host": "10.0.0.5", "port": 8080}, {"host": "10.0.0.6", "port": 8080}]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A request of an item, and its end."""

    item: str
    fields: Mapping[str, Any]
    name: str
    """Is in the body of all that it makes at the target, and in nothing that another order makes."""
    status: str = "completed"
    skipped: tuple[str, ...] = ()
    """The actions that are left out; where the request completes, all others complete."""
    warned: tuple[str, ...] = ()
    """The actions that fail without harm."""
    stands: tuple[str, ...] = ()
    """The kinds of what it made and what still stands once all orders have ended, sorted."""
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Some of them, by action."""
    because: str = ""
    """What the error says."""
    after: str = ""
    """The order that must have ended before."""


ORDERS: Mapping[str, Order] = {
    "a database": Order(
        item="database-postgresql",
        name="example-db",
        fields={
            "database_name": "example-db",
            "environment": "production",
            "justification": "Orders are kept in it.",
            "high_availability": True,
            "admin_password": "long-enough-for-everybody",
            "contact": "orders@example.com",
        },
        outputs={"database": {"port": 5432}, "dns": {"fqdn": "example-db.example.com"}},
        stands=("databases", "dns", "users"),
    ),
    "a database with a reserved name": Order(
        item="database-postgresql",
        name="forbidden-db",
        fields={"database_name": "forbidden-db", "admin_password": "long-enough-for-everybody"},
        status="rolled_back",
        because="reserved",
    ),
    "an application": Order(
        item="container-app",
        name="example-app",
        fields={
            "app_name": "example-app",
            "image": "registry.example.com/checkout:1.4.2",
            "exposure": "public",
            "documentation_url": "https://docs.example.com/checkout",
            "memory_gb": 1.5,
            "regions": ["europe", "asia"],
            "settings": '{"LOG_LEVEL": "info"}',
        },
        outputs={"dns": {"fqdn": "example-app.example.com"}},
        stands=("apps", "dns"),
    ),
    "an application with a reserved name": Order(
        item="container-app",
        name="forbidden-app",
        fields={"app_name": "forbidden-app", "image": "checkout:1"},
        status="rolled_back",
        because="reserved",
    ),
    "a queue": Order(
        item="message-queue",
        name="example-queue",
        fields={"queue_name": "example-queue", "delivery": "in-order", "alert_email": "orders@example.com"},
        outputs={"queue": {"host": "example-queue.queues.example.com"}},
        stands=("queues",),
    ),
    "a queue that forgets": Order(
        item="message-queue",
        name="forgetful-queue",
        fields={"queue_name": "forgetful-queue", "dead_letters": False},
        skipped=("alarm",),
        stands=("queues",),
    ),
    "a queue that tells strangers": Order(
        item="message-queue",
        name="leaking-queue",
        fields={"queue_name": "leaking-queue", "alert_email": "somebody@elsewhere.org"},
        status="rolled_back",
        because="@example.com",
    ),
    "a bucket": Order(
        item="object-bucket",
        name="audited-files",
        fields={
            "purpose": "Audited files",
            "classification": "confidential",
            "readers": ["audit", "finance"],
            "quota_gb": 800,
            "cost_center": "CC-4711",
            "expires": True,
            "expire_days": 90,
            "delete_on": day(400),
        },
        skipped=("website",),
        outputs={"bucket": {"host": "audited-files.buckets.example.com"}},
        stands=("buckets",),
    ),
    "a website": Order(
        item="object-bucket",
        name="holiday-pictures",
        fields={"purpose": "Holiday pictures", "classification": "public"},
        skipped=("lifecycle",),
        outputs={"website": {"fqdn": "holiday-pictures.example.com"}},
        stands=("buckets", "dns"),
    ),
    "a website with a reserved name": Order(
        item="object-bucket",
        name="forbidden-pictures",
        fields={"purpose": "Forbidden pictures", "classification": "public"},
        status="rolled_back",
        because="reserved",
    ),
    "a load balancer": Order(
        item="load-balancer",
        name="example-shop",
        fields={"host": "example-shop", "backends": BACKENDS},
        outputs={"check": {"status": "available", "up": ["10.0.0.5", "10.0.0.6"]}},
        stands=("addresses", "certificates", "dns", "load-balancers"),
    ),
    "a load balancer without a certificate": Order(
        item="load-balancer",
        name="example-relay",
        fields={"host": "example-relay", "protocol": "tcp", "listen_port": 5432, "backends": '[{"host":"a","port":1}]'},
        skipped=("certificate",),
        outputs={"dns": {"fqdn": "example-relay.example.com"}},
        stands=("addresses", "dns", "load-balancers"),
    ),
    "a load balancer with a reserved name": Order(
        item="load-balancer",
        name="forbidden-shop",
        fields={"host": "forbidden-shop", "backends": BACKENDS},
        status="rolled_back",
        because="reserved",
    ),
    "an opening": Order(
        item="firewall-rule",
        name="example-metrics",
        fields={
            "rule_name": "example-metrics",
            "environment": "staging",
            "source": "10.9.0.0/16",
            "port": 9090,
            "expires_on": day(30),
        },
        skipped=("exception",),
        outputs={"network": {"id": "net-staging", "range": "10.2.0.0/16"}},
        stands=("firewall-rules",),
    ),
    "an opening of production": Order(
        item="firewall-rule",
        name="example-ping",
        fields={
            "rule_name": "example-ping",
            "environment": "production",
            "source": "10.9.0.1",
            "protocol": "icmp",
            "reason": "The monitoring looks whether it is there.",
        },
        outputs={"network": {"id": "net-production"}},
        stands=("exceptions", "firewall-rules"),
    ),
    "an opening to everybody": Order(
        item="firewall-rule",
        name="example-everybody",
        fields={
            "rule_name": "example-everybody",
            "environment": "development",
            "source": "0.0.0.0/0",
            "port": 22,
            "reason": "It is easier to work from home so.",
            "expires_on": day(7),
        },
        status="rolled_back",
        because="the whole internet",
    ),
    "a certificate": Order(
        item="tls-certificate",
        name="example-billing",
        fields={
            "host": "example-billing",
            "signing_request": upload("billing.csr", SIGNING_REQUEST),
            "valid_until": moment(365),
            "contact": "billing@example.com",
        },
        outputs={"challenge": {"fqdn": "acme-example-billing.example.com"}},
        stands=("certificates", "dns"),
    ),
    "a certificate for a letter": Order(
        item="tls-certificate",
        name="example-letter",
        fields={
            "host": "example-letter",
            "signing_request": upload("letter.txt", "Dear authority, please sign this without looking. Thank you."),
            "valid_until": moment(30),
            "contact": "billing@example.com",
        },
        status="failed",
        because="no PEM file",
        stands=("dns",),
    ),
    "a service account": Order(
        item="service-account",
        name="svc-example",
        fields={"account": "svc-example", "scopes": ["read", "deploy"]},
        skipped=("old-keys", "removal"),
        outputs={"account": {"id": "svc-example"}, "key": {"key": "***"}},
        stands=("keys", "service-accounts"),
    ),
    "a new key": Order(
        item="service-account",
        name="svc-example",
        after="a service account",
        fields={"task": "rotate", "account": "svc-example", "key_days": 30},
        skipped=("account",),
        outputs={"removal": {"status_code": 204}},
        stands=("keys", "service-accounts"),
    ),
    "a service account that is too mighty": Order(
        item="service-account",
        name="svc-mighty",
        fields={"account": "svc-mighty", "scopes": ["admin"], "key_days": 90},
        status="rolled_back",
        because="30 days at most",
    ),
    "alert rules": Order(
        item="alert-rules",
        name="example-checkout",
        fields={
            "service": "example-checkout",
            "rules": RULES,
            "runbook": "https://docs.example.com/runbook",
            "channels": ["email", "pager"],
            "email": "oncall@example.com",
            "pager_key": "0123456789abcdef0123456789abcdef",
        },
        outputs={"rules": {"names": ["OrdersLate", "OrdersLost"]}},
        stands=("alert-rules", "tests"),
    ),
    "muted alert rules": Order(
        item="alert-rules",
        name="example-quiet",
        fields={"service": "example-quiet", "muted_until": moment(3)},
        warned=("rehearsal",),
        stands=("alert-rules",),
    ),
    "alert rules for strangers": Order(
        item="alert-rules",
        name="example-strangers",
        fields={"service": "example-strangers", "channels": ["email"], "email": "somebody@elsewhere.org"},
        status="rolled_back",
        because="@example.com",
    ),
    "a team": Order(
        item="team-onboarding",
        name="Example Explorers",
        fields={
            "team": "Example Explorers",
            "lead": "explorers@example.com",
            "mission": "Maps.\nAnd more maps.",
            "people": 7,
            "tools": ["git", "cloud"],
            "budget": 1250.5,
            "start": day(14),
        },
        outputs={"onboarding": {"status_code": 201}},
        stands=("tickets", "tickets", "tickets"),
    ),
    "a team without a budget": Order(
        item="team-onboarding",
        name="Example Writers",
        fields={"team": "Example Writers", "lead": "writers@example.com", "tools": ["git"], "start": day(14)},
        skipped=("budget",),
        stands=("tickets", "tickets"),
    ),
}
"""By what is ordered, for people."""
