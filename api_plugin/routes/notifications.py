"""`/me/notifications`: how the caller is told of what becomes of their requests."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session

from api_plugin.bodies import JsonBody
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.datamodels.notifications import ChannelChoice, NotificationAnswer, NotificationBody
from api_plugin.documentation import problems
from api_plugin.exceptions import FieldProblem, invalid_fields
from api_plugin.notifications.channels import EVENTS, connections
from api_plugin.principals import Principal, RequestReader
from api_plugin.store.notifications import NotificationPreference
from catalog_compiler.setting_lists import event_list

router = APIRouter(prefix="/me/notifications", tags=["notifications"])

Choice = Annotated[NotificationBody, Depends(JsonBody(NotificationBody))]


@router.get("", response_model=NotificationAnswer, summary="Show how you are told", responses=problems(401, 403))
def show_notifications(caller: RequestReader, session: SessionDep) -> NotificationAnswer:
    """Show by which channels the caller is told of which events of their requests."""
    return _answer(session, caller)


@router.put(
    "", response_model=NotificationAnswer, summary="Choose how you are told",
    responses=problems(400, 401, 403, 413, 415, 422),
)  # fmt: skip
def choose_notifications(caller: RequestReader, session: SessionDep, choice: Choice) -> NotificationAnswer:
    """Choose by which channels to be told of which events; a channel that is left out tells of nothing.

    Emails go to the account's address, and to no other; messages of Slack to the member `to`. Those of Teams and of the
    webhook go to the one place that the platform has for them.
    """
    _check(choice)
    chosen = {channel: each.model_dump(mode="json") for channel, each in choice.channels.items()}
    session.merge(NotificationPreference(user_id=caller.id, channels=chosen, updated_at=utc_now()))
    session.flush()
    return _answer(session, caller)


def _check(choice: NotificationBody) -> None:
    faults = []
    for channel, each in choice.channels.items():
        if channel == "slack" and each.events and each.to is None:
            faults.append(
                FieldProblem(
                    pointer="/channels/slack/to",
                    code="required",
                    message="is missing; give your member id, as in U012AB3CD",
                )
            )
        if channel != "slack" and each.to is not None:
            faults.append(
                FieldProblem(
                    pointer=f"/channels/{channel}/to", code="unknown-key", message="is for slack alone; remove it"
                )
            )
    if faults:
        raise invalid_fields(faults)


def _answer(session: Session, caller: Principal) -> NotificationAnswer:
    available = list(connections(settings()))
    row = session.get(NotificationPreference, caller.id)
    if row is not None:
        chosen = {channel: ChannelChoice.model_validate(each) for channel, each in row.channels.items()}
        return NotificationAnswer.model_validate(
            {"available": available, "email": caller.email, "chosen": True, "channels": chosen}
        )
    told = event_list(settings().notify_events)
    default = ChannelChoice(events=[event for event in EVENTS if event in told])
    channels = {"email": default} if "email" in available else {}
    return NotificationAnswer.model_validate(
        {"available": available, "email": caller.email, "chosen": False, "channels": channels}
    )
