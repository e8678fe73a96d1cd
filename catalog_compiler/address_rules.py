"""Which addresses and hosts outgoing requests may reach: what the platform's operator allows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressRules:
    """The operator's rules, applied where a connection is made (`pao_actions.address_guard`)."""

    allow_private: bool = False
    """Whether private and loopback addresses may be reached (a local start allows them)."""
