"""From an event of a request to a message at the other end: who is told by what, and never twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import json
import threading
from contextlib import asynccontextmanager

import pytest
from airflow.utils.session import create_session
from pao_airflow.messenger import Sent, messenger
from sqlalchemy import select, text, update

from api_plugin.clock import utc_now
from api_plugin.notifications import delivery
from api_plugin.notifications.delivery import LOST_AFTER, Notifier, deliver, look
from api_plugin.permissions import Permission
from api_plugin.projection import bring_up_to_date
from api_plugin.settling import settle
from api_plugin.sla import flag_overdue
from api_plugin.store.catalog import Catalog
from api_plugin.store.notifications import Notification, NotificationPreference
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.notifications.conftest import KEY
from tests.api_plugin.runs import a_report, refused
from tests.fakes.faulty_server import CUT, Reply
from tests.fakes.slack import marks, shown
from tests.items import action, compiled_item


def by(send):
    """A messenger that sends in that way."""

    @asynccontextmanager
    async def giving():
        yield send

    return giving


EVERYTHING = {"events": ["completed", "failed", "waiting", "overdue"]}


@pytest.fixture
def ordered(world, places):
    """A request of an item that promises 30 minutes; its owner is reached by email."""
    item = compiled_item("queue", action("queue"), header={"sla": {"provisioning_time": "30 minutes"}})
    world.publish(item)
    world.parse(item)
    world.session.get(Catalog, "default").owners = {"team": {"contact": "team@example.com"}}
    world.session.commit()
    return world.order()


def ends(world, request, state):
    """Let Airflow have ended it, and somebody look."""
    report = a_report() if state == "success" else refused().report
    world.task(request, "queue", state, report)
    world.run(request, state)
    bring_up_to_date(world.session, [request.id])
    world.session.commit()


def chooses(world, **channels):
    """Let the requester choose."""
    world.session.merge(NotificationPreference(user_id="dev", channels=channels, updated_at=utc_now()))
    world.session.commit()


def outbox(world):
    """All messages: event, channel, recipient, state."""
    world.session.rollback()
    rows = world.session.scalars(select(Notification).order_by(Notification.id))
    return [(row.event, row.channel, row.recipient, row.state) for row in rows]


def test_a_requester_is_told_by_email_unless_they_chose(world, places, ordered):
    """And nobody else, of what went well."""
    ends(world, ordered, "success")

    assert [("completed", "email", "dev@example.com", "due")] == outbox(world)
    assert 1 == deliver(messenger)
    assert [("completed", "email", "dev@example.com", "sent")] == outbox(world)
    ((envelope, letter),) = places.mail.letters
    assert (["dev@example.com"], "queue: completed") == (envelope.rcpt_tos, letter["Subject"])
    assert f"/api/v1/requests/{ordered.id}" in letter.get_content()


def test_an_owner_is_told_of_what_went_wrong_by_every_channel(world, places, ordered):
    """By the contact in `.pao.yaml`, Teams and the webhook, which is signed."""
    chooses(world)
    ends(world, ordered, "failed")
    while deliver(messenger):
        pass

    assert {("failed", "email", "team@example.com", "sent"), ("failed", "teams", "", "sent"),
            ("failed", "webhook", "", "sent")} == set(outbox(world))  # fmt: skip
    (call,) = places.hook.calls
    assert "/pao" == call.path
    told = json.loads(call.body)
    assert ("failed", str(ordered.id), "dev@example.com") == (told["event"], told["request_id"], told["user"]["email"])
    signed = f"{call.headers['x-timestamp']}.".encode() + call.body
    assert f"sha256={hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()}" == call.headers["x-signature"]
    assert 1 == len(places.teams.cards)


def test_a_member_of_slack_is_told_and_what_others_wrote_mentions_nobody(world, places, ordered):
    """The text of a target is shown as it stands."""
    places.slack.channels["U012AB3CD"] = type(places.slack.channels["C012AB3CD"])("dev")
    chooses(world, slack={**EVERYTHING, "to": "U012AB3CD"})
    ordered.user = {**ordered.user, "name": "<!channel> *Ada*"}
    ends(world, ordered, "success")
    deliver(messenger)

    (message,) = places.slack.messages
    assert "U012AB3CD" == message["channel"]
    assert "<!channel> *Ada*" in shown(message["text"]).replace("\u200b", "")
    assert ["|Show the request"] == [mark[mark.index("|") :] for mark in marks(message["text"])]


def test_each_is_told_once_however_often_somebody_looks(world, places, ordered):
    """Of one try; a rollback of it is no further failure."""
    for _ in range(3):
        ends(world, ordered, "success")
        while deliver(messenger):
            pass

    assert 1 == len(places.mail.letters)


def test_two_senders_share_the_work(world, places, ordered):
    """What one has marked the other leaves alone, until it is over."""
    ends(world, ordered, "success")
    taken = []

    async def sending(message):
        taken.append(message.id)
        assert 0 == await asyncio.to_thread(deliver, messenger)
        return Sent(outcome="sent")

    assert (1, 1) == (deliver(by(sending)), len(taken))
    assert [] == places.mail.letters


def test_a_message_whose_sender_died_is_not_sent_again(world, places, ordered):
    """It may have arrived; who looks finds it as `unknown`."""
    ends(world, ordered, "success")

    async def dying(_message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(by(dying))
    assert [("completed", "email", "dev@example.com", "sending")] == outbox(world)

    long_ago = utc_now() - LOST_AFTER - dt.timedelta(seconds=1)
    world.session.execute(update(Notification).values(due_at=long_ago))
    world.session.commit()
    assert 0 == deliver(messenger)
    assert ("unknown", []) == (outbox(world)[0][3], places.mail.letters)


def test_an_answer_that_got_lost_is_not_sent_again(world, places, ordered):
    """Nor is it called sent."""
    chooses(world, webhook=EVERYTHING)
    ends(world, ordered, "success")
    places.hook.next.append(CUT)

    deliver(messenger)

    assert [("completed", "webhook", "", "unknown")] == outbox(world)


def test_what_surely_did_not_arrive_is_tried_again_later(world, places, ordered, monkeypatch):
    """With growing pauses, by whoever looks then."""
    ends(world, ordered, "success")

    async def away(_message):
        return Sent(outcome="again", error="the server is away")

    deliver(by(away))
    assert [("completed", "email", "dev@example.com", "due")] == outbox(world)
    assert 0 == deliver(messenger)
    world.session.execute(update(Notification).values(due_at=utc_now()))
    world.session.commit()
    assert 1 == deliver(messenger)
    assert "sent" == outbox(world)[0][3]


def test_a_refusal_is_final_and_says_why(world, places, ordered):
    """For whoever looks after the platform."""
    chooses(world, webhook=EVERYTHING)
    ends(world, ordered, "success")
    places.hook.next.append(Reply(410, "gone"))

    deliver(messenger)

    world.session.rollback()
    (row,) = world.session.scalars(select(Notification))
    assert "failed" == row.state
    assert "410" in row.error


def test_late_requests_are_told_of_once(world, places, ordered):
    """To the requester and the owner."""
    ordered.expected_at = utc_now() - dt.timedelta(minutes=1)
    world.session.commit()
    for _ in range(2):
        flag_overdue(world.session)
        world.session.commit()

    assert ["dev@example.com", "team@example.com"] == [row[2] for row in outbox(world) if row[1] == "email"]


def test_a_run_that_ended_is_found_though_nobody_looks(world, places, ordered):
    """By the look that the sender takes itself."""
    world.task(ordered, "queue", "success", a_report())
    world.run(ordered, "success")

    look()

    assert [("completed", "email", "dev@example.com", "due")] == outbox(world)


def test_a_thread_of_the_api_process_does_it_by_itself(world, places, ordered):
    """For as long as the process runs."""
    ends(world, ordered, "success")
    begun = threading.Event()

    async def sending(_message):
        begun.set()
        return Sent(outcome="sent")

    with Notifier(0.01, by(sending)).running():
        assert begun.wait(30)
    assert [("completed", "email", "dev@example.com", "sent")] == outbox(world)


def test_the_event_and_its_messages_are_written_together_or_not_at_all(world, places, ordered):
    """What is rolled back is told to nobody."""
    world.task(ordered, "queue", "success", a_report())
    world.run(ordered, "success")
    bring_up_to_date(world.session, [ordered.id])
    world.session.rollback()

    assert [] == outbox(world)


def test_a_caller_chooses_how_to_be_told(portal, world, places):
    """Before that, the platform's defaults count."""
    caller = a_caller(Permission.REQUEST_READ)
    before = portal("GET", "/me/notifications", caller).json()
    assert (False, ["email", "slack", "teams", "webhook"]) == (before["chosen"], before["available"])
    assert ["completed", "failed", "waiting", "overdue"] == before["channels"]["email"]["events"]

    chosen = {"slack": {"events": ["failed"], "to": "U012AB3CD"}}
    after = portal("PUT", "/me/notifications", caller, json={"channels": chosen})

    assert (200, True, chosen) == (after.status_code, after.json()["chosen"], after.json()["channels"])
    assert after.json() == portal("GET", "/me/notifications", caller).json()


@pytest.mark.parametrize(
    ("channels", "pointer"),
    [
        ({"slack": {"events": ["failed"]}}, "/channels/slack/to"),
        ({"email": {"events": ["failed"], "to": "U012AB3CD"}}, "/channels/email/to"),
        ({"slack": {"events": [], "to": "#general"}}, "/channels/slack/to"),
        ({"pager": {"events": []}}, "/channels/pager/[key]"),
        ({"email": {"events": ["everything"]}}, "/channels/email/events/0"),
    ],
)
def test_a_choice_that_can_t_be_is_refused(portal, world, places, channels, pointer):
    """By its place."""
    answer = portal("PUT", "/me/notifications", a_caller(Permission.REQUEST_READ), json={"channels": channels})

    assert 422 == answer.status_code
    assert [pointer] == [error["pointer"] for error in answer.json()["errors"]]


def test_requests_that_people_have_in_hand_keep_no_end_from_being_told(world, ordered, places, monkeypatch):
    """Their runs have ended long ago: however many there are, what is new is looked at."""
    monkeypatch.setattr(delivery, "LOOKED_AT", 1)
    asking = compiled_item("asking", action("queue"), manual=[action("ticket")], on_failure="escalate")
    world.publish(asking)
    world.parse(asking)
    in_hand = world.order("asking")
    ends(world, in_hand, "failed")
    with create_session(scoped=False) as session:
        settle(session, world.shelf, in_hand.id)

    last = world.order()
    world.task(last, "queue", "success", a_report())
    world.run(last, "success")
    look()

    assert "completed" == world.statuses(last)[-1]


def test_the_look_for_news_finds_the_few_open_requests_by_an_index(session):
    """It is made every few seconds, and must not read all that ended."""
    session.execute(text("SET LOCAL enable_seqscan = off"))
    query = delivery.news_query().compile(session.connection().engine, compile_kwargs={"literal_binds": True})

    assert "Index Cond: (status = ANY" in "\n".join(session.scalars(text(f"EXPLAIN {query}")))
