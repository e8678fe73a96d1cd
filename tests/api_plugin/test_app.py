"""Every operation declares who may call it, and describes itself completely."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute

from api_plugin.answer_examples.every import EXAMPLES
from api_plugin.app import rest_app
from api_plugin.bodies import BodyReader
from api_plugin.principals import Requires, _anybody, signed_in
from api_plugin.webhooks.signed import SignedBody

APP = rest_app()
ROUTES = {
    f"{method} {route.path}": route
    for route in APP.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
}
OPEN = {"GET /health"}
"""Operations that answer everyone."""
SIGNED_IN = {"GET /me"}
"""Operations that answer everyone who is signed in, whatever they may do."""
SIGNED = {name for name in ROUTES if name.startswith(("POST /catalog/webhooks/", "POST /webhooks/"))}
"""Operations for other systems, which sign what they send instead of signing in."""
PAGES = {name for name in ROUTES if name.startswith(("GET /docs", "GET /swagger/"))}
"""Of the documentation."""
DESCRIBED = {
    f"{method.upper()} {path}": operation
    for path, operations in APP.openapi()["paths"].items()
    for method, operation in operations.items()
}


def calls(dependant):
    """Everything that is called before the operation itself."""
    yield dependant.call
    for part in dependant.dependencies:
        yield from calls(part)


@pytest.mark.parametrize("name", sorted(ROUTES.keys() - PAGES))
def test_every_operation_declares_its_permission(name):
    """Nothing is open by having been forgotten."""
    found = list(calls(ROUTES[name].dependant))
    demanded = [call.permission for call in found if isinstance(call, Requires)]

    if name in OPEN:
        assert ([], True) == (demanded, _anybody in found)
    elif name in SIGNED_IN:
        assert ([], True) == (demanded, signed_in in found)
    elif name in SIGNED:
        assert ([], 1) == (demanded, len([call for call in found if isinstance(call, SignedBody)]))
    else:
        assert 1 == len(demanded)


@pytest.mark.parametrize("name", sorted(ROUTES.keys() - OPEN - SIGNED - PAGES))
def test_nobody_gets_in_without_signing_in(call, name):
    """Asked of the app itself, before it looks at anything else."""
    method, path = name.split(" ")

    answer = call(APP, method, path)

    assert (401, "not-signed-in", "Bearer") == (
        answer.status_code,
        answer.json()["code"],
        answer.headers["WWW-Authenticate"],
    )


def test_all_operations_are_described():
    """What the app serves and what its description says are the same."""
    assert ROUTES.keys() - PAGES == DESCRIBED.keys()


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_operation_describes_itself(name):
    """A summary, a description, its error answers, and an example of what it takes and gives."""
    operation = DESCRIBED[name]

    assert operation["summary"]
    assert operation["description"]
    assert operation["x-permission"]
    errors = {status for status in operation["responses"] if status >= "400"}
    assert ("401" in errors) is (name not in OPEN)
    assert ("403" in errors) is (name not in OPEN | SIGNED | SIGNED_IN)
    for status in errors:
        (kind, content), *others = operation["responses"][status]["content"].items()
        assert ("application/problem+json", []) == (kind, others)
        assert int(status) == content["example"]["status"]
    success = next(status for status in operation["responses"] if status < "300")
    contents = operation["responses"][success]["content"]
    assert contents
    assert [] == [kind for kind, content in contents.items() if not example_of(content)]


@pytest.mark.parametrize("name", [name for name in DESCRIBED if name.startswith("POST")])
def test_every_body_has_an_example(name):
    """An operation that takes one declares its schema, though the app reads it by itself."""
    body = DESCRIBED[name].get("requestBody")

    readers = [call for call in calls(ROUTES[name].dependant) if isinstance(call, BodyReader)]
    if readers:
        assert readers[0].required is body["required"]
        assert example_of(body["content"]["application/json"])
    else:
        assert body is None


def example_of(content):
    """Beside the schema, or in it."""
    schema = content["schema"]
    if "$ref" in schema:
        schema = APP.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return content.get("example") or schema.get("example")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_an_answer(name):
    """Of the operation that it stands for: nothing is missing, and nothing is in it that is never answered."""
    (route,) = [route for route in ROUTES.values() if route.name == name]
    documented = [more["model"] for status, more in route.responses.items() if int(status) < 300 and "model" in more]
    model = documented[0] if documented else route.response_model

    answer = model.model_validate(EXAMPLES[name])

    assert EXAMPLES[name].keys() <= answer.model_dump(by_alias=True).keys()
