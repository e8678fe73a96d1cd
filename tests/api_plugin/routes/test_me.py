"""Whoever is signed in can see who they are and what they may do."""

from __future__ import annotations

import pytest

from api_plugin.permissions import ROLES, Permission
from tests.api_plugin.conftest import a_caller


def test_a_developer_of_a_team(portal):
    """With roles, the teams among them, and permissions as operations name them."""
    caller = a_caller(*ROLES["PAO Developer"], roles=("PAO Developer", "queues"))

    answer = portal("GET", "/me", caller)

    assert 200 == answer.status_code
    assert {
        "id": "dev",
        "name": "Dev",
        "email": "dev@example.com",
        "organization": None,
        "roles": ["PAO Developer", "queues"],
        "teams": ["queues"],
        "permissions": [
            "GET PAO Catalog",
            "GET PAO Requests",
            "POST PAO Requests",
            "DELETE PAO Requests",
            "PUT PAO Requests",
        ],
    } == answer.json()


@pytest.mark.parametrize(("permissions", "shown"), [((), []), (tuple(Permission), None)])
def test_from_nobody_to_everybody(portal, permissions, shown):
    """Also who may nothing is told so, instead of being refused."""
    found = portal("GET", "/me", a_caller(*permissions)).json()["permissions"]

    assert ([f"{each.method} {each.resource}" for each in Permission] if shown is None else shown) == found
