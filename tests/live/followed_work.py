"""Work at the scripted target that goes on after its answer, and is looked at until it is done."""

from __future__ import annotations

from tests.live.items import SCRIPTED, Part, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

BUSY, READY = Reply(body='{"state": "busy"}'), Reply(body='{"state": "ready"}')


def followed_call(name: str, item_id: str) -> Part:
    """An action of that item: a call that is followed by looks, and stopped by a `DELETE`."""
    made = scripted_call(name, f"/{item_id}", mapping={"id": "$.id", "state": "$.state"})
    where = f"{SCRIPTED}/{item_id}-work/{{{{fields.name}}}}/{{$.operation}}"
    made["config"] |= {
        "poll": {"url": where, "interval": 1, "until": {"path": "$.state", "equals": "ready"}},
        "cancel": {"method": "DELETE", "url": where},
    }
    return made


def begin(developer: Portal, scripted: ScriptedTarget, item_id: str, name: str, operation: str) -> tuple[str, str]:
    """Order it, and wait until it is followed: the request's id, and the path of the looks."""
    looks = f"/{item_id}-work/{name}/{operation}"
    scripted.script(f"/{item_id}/{name}", Reply(status=202, body=f'{{"id": "db-1", "operation": "{operation}"}}'))
    scripted.script(looks, BUSY)
    request_id = developer.submit(item_id, name)
    wait_for(lambda: len(scripted.calls(looks)) > 1, "the work is looked at again")
    return request_id, looks
