"""A form in a browser, from the API that serves it to the target that gets what was typed."""

from __future__ import annotations

from catalog_compiler.document import parse_document
from catalog_compiler.form import Form
from tests.browser.browser import Browser
from tests.browser.every_type import FILE, GIVEN, TYPED
from tests.live.items import SCRIPTED, call
from tests.live.portal import Portal
from tests.live.scripted_target import ScriptedTarget

PATH = "/every-type"
PARSED = {"a_json": {"zones": []}, "its_json": [1], "a_yaml": {"zones": ["a"]}, "its_yaml": {"zones": ["b"]}}
SECRETS = {"a_password", "its_password", "its_string"}
SHOWN = {
    "a_file": {"filename": "größe 1.txt", "content_type": "text/plain", "size": 5},
    "its_file": {"filename": "empty.txt", "content_type": "text/plain", "size": 0},
}
"""What a request shows of its files."""
SEND = call(
    "send",
    "POST",
    f"{SCRIPTED}{PATH}",
    body={name: f"{{{{fields.{name}{'.content' if name in SHOWN else ''}}}}}" for name in GIVEN},
)
ITEM = parse_document(FILE.read_bytes(), FILE.name).document.data
ITEMS = ({**ITEM, "fulfillment": {**ITEM["fulfillment"], "automatic": {"actions": [SEND]}}},)


def test_what_a_form_gives_is_ordered_as_it_is(developer: Portal, browser: Browser, scripted: ScriptedTarget):
    """Every type of field, twice: the served form is filled in Chromium, and its data is the request's `fields`."""
    served = developer.get("/catalog/items/every-type/schema")
    form = Form(schema=served["schema"], ui_schema=served["ui_schema"], form_props=served["form_props"])
    _, submitted = browser.use(form, {"fill": TYPED}, {"submit": True})
    order = {"item_id": "every-type", "revision": served["revision"], "fields": submitted["data"]}
    answer = developer.post_request(order)
    assert answer.status_code == 202, answer.text
    request = developer.ended(answer.json()["id"])
    (sent,) = scripted.calls(PATH)

    assert {} == submitted["errors"]
    assert ("completed", None) == (request["status"], request["error"])
    assert {**GIVEN, **dict.fromkeys(SECRETS, "***"), **SHOWN} == request["fields"]
    assert {**GIVEN, **PARSED, "a_file": "aGVsbG8=", "its_file": ""} == sent.json
