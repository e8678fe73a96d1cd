"""`/me`: who calls, as the platform knows them."""

from __future__ import annotations

from fastapi import APIRouter

from api_plugin.configuration import settings
from api_plugin.datamodels.me import MeAnswer
from api_plugin.documentation import problems
from api_plugin.permissions import Permission
from api_plugin.principals import SignedIn

router = APIRouter(prefix="/me", tags=["me"])


@router.get("", response_model=MeAnswer, summary="Show who you are", responses=problems(401))
def show_me(caller: SignedIn) -> MeAnswer:
    """Show who the credential belongs to and what they may do: so that a portal offers nothing that would be refused.

    For everyone who is signed in, also without any permission.
    """
    return MeAnswer(
        id=caller.id,
        name=caller.name,
        email=caller.email,
        organization=settings().organization,
        roles=list(caller.roles),
        teams=list(caller.teams),
        permissions=[f"{each.method} {each.resource}" for each in Permission if caller.may(each)],
    )
