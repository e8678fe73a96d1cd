"""Builds catalog items for live tests: small ones, each with its own id, as the data that YAML holds."""

from __future__ import annotations

from typing import Any

Part = dict[str, Any]

TARGET = "{{env.TARGET_URL}}"
"""The example target service."""
SCRIPTED = "{{env.SCRIPTED_URL}}"
"""The target of the tests' own, which answers as it is told."""
PATIENT: Part = {"attempts": 3, "delay": 0.1}
"""Four tries in quick succession."""


def item(
    item_id: str, *actions: Part, fields: tuple[Part, ...] = (), manual: tuple[Part, ...] = (), **header: Any
) -> Part:
    """An item whose automatic way has these actions; `name` is always its first field."""
    ways: Part = {
        "manual": {"description": "By hand.", "actions": list(manual or (scripted_call("ticket", "/ticket"),))}
    }
    if actions:
        ways["automatic"] = {"actions": list(actions)}
    return {
        "header": {
            "id": item_id,
            "name": item_id.replace("-", " "),
            "description": "For a test.",
            "version": "1.0.0",
            "category": "other",
            "owner": "platform-tests",
            **header,
        },
        "presentation": {
            "groups": [
                {
                    "id": "all",
                    "name": "All",
                    "order": 1,
                    "fields": [
                        {"order": order, "name": field["id"], **field}
                        for order, field in enumerate((NAME, *fields), start=1)
                    ],
                }
            ]
        },
        "fulfillment": ways,
    }


NAME: Part = {"id": "name", "type": "string", "required": True}


def call(name: str, method: str, url: str, **more: Any) -> Part:
    """A `rest-api` action; `body`, `mapping`, `timeout` go to its config, the rest to the action."""
    config: Part = {"method": method, "url": url, "headers": {"Authorization": "Bearer {{env.TARGET_TOKEN}}"}}
    for key, option in (("body", "body"), ("mapping", "response_mapping"), ("timeout", "timeout")):
        if key in more:
            config[option] = more.pop(key)
    return {"name": name, "type": "rest-api", "config": config, **more}


def scripted_call(name: str, path: str, method: str = "POST", **more: Any) -> Part:
    """A call of the scripted target at `<path>/<the field name>`."""
    return call(name, method, f"{SCRIPTED}{path}/{{{{fields.name}}}}", **more)


def undo(action: Part) -> Part:
    """An action as another one's rollback."""
    return {key: value for key, value in action.items() if key in {"type", "config", "retry"}}


def database(name: str = "database", **more: Any) -> Part:
    """Makes a database at the example target, and undoes it."""
    return call(
        name,
        "POST",
        f"{TARGET}/v1/databases",
        body={"name": "{{fields.name}}", "size": 10},
        mapping={"id": "$.id", "host": "$.connection.host"},
        **{
            "retry": PATIENT,
            "rollback": undo(call("undo", "DELETE", f"{TARGET}/v1/databases/{{{{response.{name}.id}}}}")),
            **more,
        },
    )


def user(of: str = "database", **more: Any) -> Part:
    """Makes a user of the database that the action `of` made, and undoes it."""
    users = f"{TARGET}/v1/databases/{{{{response.{of}.id}}}}/users"
    return call(
        "user",
        "POST",
        users,
        body={"username": "app", "password": "not-a-secret"},
        mapping={"id": "$.id"},
        **{"retry": PATIENT, "rollback": undo(call("undo", "DELETE", f"{users}/{{{{response.user.id}}}}")), **more},
    )


def dns(**more: Any) -> Part:
    """Registers a DNS name; the target refuses names that begin with `forbidden-`."""
    return call("dns", "PUT", f"{TARGET}/v1/dns/{{{{fields.name}}}}", body={"target": "somewhere"}, **more)
