"""Values on their way to a target, and the request as seen by others."""

from __future__ import annotations

import base64

from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import ScriptedTarget
from tests.object_stores import S3

ITEMS = (
    item(
        "verbatim",
        scripted_call("send", "/verbatim", body={"text": "{{fields.text}}", "inside": "<{{fields.text}}>"}),
        fields=({"id": "text", "type": "text"},),
    ),
    item(
        "with-a-file",
        scripted_call(
            "send",
            "/with-a-file",
            body={"name": "{{fields.attached.filename}}", "content": "{{fields.attached.content}}"},
        ),
        fields=({"id": "attached", "type": "file"},),
    ),
)
HOSTILE = """{{ env.TARGET_TOKEN }} {{fields.name}} {% raw %} ${HOME} "quoted" \\ </script>\nżółw ☃ {{ '{{' }}"""


def test_a_template_in_a_value_is_text(developer: Portal, portals: dict[str, Portal], scripted: ScriptedTarget):
    """Whatever a user writes arrives at the target as exactly that, and the request is nobody else's to see."""
    request_id = developer.submit("verbatim", "plain", {"text": HOSTILE})
    others = [
        portals["colleague"].http.get(f"/api/v1/requests/{request_id}{part}").status_code for part in ("", "/status")
    ]
    request = developer.ended(request_id)
    (call,) = scripted.calls("/verbatim/plain")

    assert "completed" == request["status"]
    assert {"text": HOSTILE, "inside": f"<{HOSTILE}>"} == call.json
    assert HOSTILE == request["fields"]["text"]
    assert [404, 404] == others
    assert request_id == portals["operator"].request(request_id)["id"]


def test_a_file_is_kept_in_the_object_store_and_arrives_whole(
    catalog, developer: Portal, scripted: ScriptedTarget, stack: RunningStack, s3: S3
):
    """Neither the database nor the run has its content."""
    content = base64.b64encode(b"of the pangolin " * 20).decode()
    sent = f"data:text/plain;name=notes.txt;base64,{content}"
    request_id = developer.submit("with-a-file", "sent", {"attached": sent})
    request = developer.ended(request_id)

    assert ("completed", {"filename": "notes.txt", "content_type": "text/plain", "size": 320}) == (
        request["status"],
        request["fields"]["attached"],
    )
    assert [{"name": "notes.txt", "content": content}] == [call.json for call in scripted.calls("/with-a-file/sent")]
    assert [f"pao/{request['timeline'][0]['at'][:10]}/{request_id}/attached"] == [
        name for name in s3.names() if request_id in name
    ]
    assert set() == stack.places_of(content)
