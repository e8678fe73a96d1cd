"""Values on their way to a target, and the request as seen by others."""

from __future__ import annotations

from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import ScriptedTarget

ITEMS = (
    item(
        "verbatim",
        scripted_call("send", "/verbatim", body={"text": "{{fields.text}}", "inside": "<{{fields.text}}>"}),
        fields=({"id": "text", "type": "text"},),
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
