"""Who sees what by the team that owns it."""

from __future__ import annotations

import pytest

from api_plugin.permissions import NO_TEAMS, ROLES, Permission
from api_plugin.visibility import sees_item
from catalog_compiler.model import Access
from tests.api_plugin.conftest import a_caller
from tests.items import action, compiled_item

READ = (Permission.REQUEST_READ, Permission.CATALOG_READ)


@pytest.mark.parametrize("role", sorted(NO_TEAMS))
def test_an_owner_that_is_named_like_a_role_shows_nothing_to_who_has_the_role(world, portal, role):
    """Roles say what one may do. An item's file must not make everybody with one a team that sees its requests."""
    item = compiled_item("queue", action("a"), header={"owner": role})
    world.publish(item)
    world.parse(item)
    request = world.order(caller=a_caller(name="ada"))
    caller = a_caller(*READ, name="bob", roles=(role, "team"))

    assert 404 == portal("GET", f"/requests/{request.id}", caller).status_code
    assert [] == portal("GET", "/requests", caller).json()["items"]
    assert [] == portal("GET", "/resources", caller).json()["items"]


def test_the_team_that_owns_an_item_sees_its_requests(world, portal):
    """Whatever else its members may do."""
    item = compiled_item("queue", action("a"), header={"owner": "team"})
    world.publish(item)
    world.parse(item)
    request = world.order(caller=a_caller(name="ada"))
    caller = a_caller(*READ, name="bob", roles=("PAO Developer", "team"))

    assert 200 == portal("GET", f"/requests/{request.id}", caller).status_code
    assert [str(request.id)] == [each["id"] for each in portal("GET", "/requests", caller).json()["items"]]


@pytest.mark.parametrize(
    ("access", "seen"),
    [
        ({"roles": ["PAO Developer"]}, True),
        ({"roles": ["team"]}, True),
        ({"teams": ["team"]}, True),
        ({"teams": ["PAO Developer"]}, False),
        ({"roles": ["Other"], "teams": ["others"]}, False),
    ],
)
def test_an_item_is_for_roles_and_for_teams(access, seen):
    """A role that says what one may do is no team here either."""
    caller = a_caller(*ROLES["PAO Developer"], roles=("PAO Developer", "team"))

    assert seen is sees_item(caller, Access.model_validate(access))
