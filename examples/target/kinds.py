"""The kinds of resources as data: how ids begin, what belongs to what. `rules.py` has what each refuses."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from examples.target import rules
from examples.target.rules import Body

NETWORKS = tuple(
    {"id": f"net-{environment}", "environment": environment, "range": f"10.{number}.0.0/16"}
    for number, environment in enumerate(("development", "staging", "production"), start=1)
)
"""The networks that there are; nobody can add one."""

Rule = Callable[[Body, Body], Body]
"""From what was sent and what it belongs to, to what is kept beside it; raises `RefusedError`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of resource, or of what belongs to one."""

    prefix: str = ""
    """How its ids begin; without one, the name is the id."""
    name_key: str = "name"
    """The key with its name, which is unique."""
    rule: Rule = lambda _sent, _owner: {}
    uses: Mapping[str, str] = field(default_factory=dict)
    """Key of the body to the kind that it names: what it names must be there, and can't be deleted meanwhile."""
    parts: Mapping[str, Rule] = field(default_factory=dict)
    """What is set by `PUT <resource>/<part>`."""
    children: Mapping[str, Kind] = field(default_factory=dict)
    """What is made by `POST <resource>/<child>`; a resource with some can't be deleted, unless they are disposable."""
    disposable: bool = False
    """Whether it goes with what it belongs to."""
    never_kept: tuple[str, ...] = ()
    """Keys that are forgotten, of bodies and of parts: a real service would keep a hash."""
    shown_once: Callable[[], Body] = dict
    """What the answer to its making holds, and nothing else ever shows."""


KINDS: Mapping[str, Kind] = {
    "databases": Kind(
        prefix="db",
        rule=rules.database,
        children={"users": Kind(prefix="user", name_key="username", rule=rules.user, never_kept=("password",))},
    ),
    "queues": Kind(prefix="queue", rule=rules.sized, parts={"alarm": rules.receiver}),
    "apps": Kind(prefix="app", rule=rules.sized),
    "buckets": Kind(prefix="bucket", rule=rules.sized, parts={"access": rules.access, "lifecycle": rules.expiry}),
    "addresses": Kind(prefix="ip", rule=rules.address),
    "certificates": Kind(prefix="cert", rule=rules.certificate),
    "load-balancers": Kind(
        prefix="lb", rule=rules.load_balancer, uses={"address_id": "addresses", "certificate_id": "certificates"}
    ),
    "exceptions": Kind(prefix="exc", rule=rules.exception),
    "firewall-rules": Kind(
        prefix="rule", rule=rules.firewall_rule, uses={"network_id": "networks", "exception_id": "exceptions"}
    ),
    "alert-rules": Kind(
        prefix="alerts",
        rule=rules.alert_rules,
        parts={"receiver": rules.receiver},
        children={"tests": Kind(prefix="test", rule=rules.rehearsal, disposable=True)},
        never_kept=("pager_key",),
    ),
    "service-accounts": Kind(
        rule=rules.service_account,
        children={"keys": Kind(prefix="key", rule=rules.key, shown_once=lambda: {"key": secrets.token_urlsafe(24)})},
    ),
}
"""What can be made by `POST /v1/<kind>`."""
