"""What is found wrong with a call before there is a request."""

import pytest
from pao_actions.rest_api import RestApi, RestApiConfig

from catalog_compiler.actions import ConfigFacts
from catalog_compiler.encoding import Encoding

FACTS = ConfigFacts(field_types={"name": "string", "region": "selection", "size": "integer"})
URL = "https://api.example.com/v1"


@pytest.mark.parametrize(
    "config",
    [
        {"url": URL},
        {"url": "{{env.URL}}"},
        {"url": "https://{{fields.region}}.example.com/{{fields.name}}"},
        {"url": "{{env.BASE}}/x/{{fields.name}}?y={{fields.size}}"},
        {"connection": "api", "url": "/v1/{{fields.name}}"},
        {"method": "POST", "url": URL, "body_template": '{"a": "{{fields.name}}", "b": {{fields.size}}}'},
        {
            "method": "POST",
            "url": URL,
            "body_template": "a={{fields.name}}",
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        },
        {
            "method": "POST",
            "url": URL,
            "body_template": "<a>{{fields.name}}</a>",
            "headers": {"Content-Type": "text/xml"},
        },
        {"method": "POST", "url": URL, "body_template": "a,b,{{env.X}}", "headers": {"Content-Type": "text/csv"}},
        {"method": "POST", "url": URL, "body": {"a": "{{fields.name}}"}},
        {"url": URL, "response_mapping": {"a": "$.x[?@.y == 'z'].n", "b": "$['x']?", "c": "$[?length(@.a) > 1]"}},
        {"url": URL, "headers": {"X-Team": "{{fields.name}}", "Authorization": "Bearer x\n"}},
    ],
)
def test_good_configs_pass(config):
    """Nothing is reported."""
    assert [] == list(RestApi.check(config, FACTS))


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"url": "https://{{fields.name}}/x"}, ("url",), "'fields.name' decides which host is called"),
        ({"url": "https://{{response.a.host}}/x"}, ("url",), "'response.a.host' decides which host"),
        ({"url": "{{env.BASE}}{{fields.name}}"}, ("url",), "'fields.name' decides which host"),
        ({"url": "{{fields.name}}"}, ("url",), "neither scheme nor host"),
        ({"url": "/v1/x"}, ("url",), "neither scheme nor host"),
        ({"url": "ftp://h/x"}, ("url",), "'ftp' can't be called"),
        ({"url": URL, "headers": {"X Team": "a"}}, ("headers", "X Team"), "not a header's name"),
        ({"url": URL, "headers": {"Content-Length": "5"}}, ("headers", "Content-Length"), "set from the body"),
        ({"url": URL, "headers": {"X": "a\nb"}}, ("headers", "X"), "a header is one line"),
        ({"method": "POST", "url": URL, "body": {}, "body_template": "{}"}, ("body_template",), "both given"),
        ({"url": URL, "body": {}}, ("body",), "a body needs a 'method'"),
        ({"method": "POST", "url": URL, "body_template": '{"a": {{fields.name}}'}, ("body_template",), "not JSON once"),
        ({"method": "POST", "url": URL, "body_template": "{{fields.name}}: 1"}, ("body_template",), "not JSON once"),
        (
            {"method": "POST", "url": URL, "body_template": '"\\{{fields.name}}"'},
            ("body_template",),
            "behind a backslash",
        ),
        (
            {
                "method": "POST",
                "url": URL,
                "body_template": "a,{{fields.name}}",
                "headers": {"Content-Type": "text/csv"},
            },
            ("body_template",),
            "'fields.name' can't be written safely into a body of type text/csv",
        ),
        (
            {
                "method": "POST",
                "url": URL,
                "body_template": "<{{fields.name}}/>",
                "headers": {"Content-Type": "text/xml"},
            },
            ("body_template",),
            "put it in an element's text",
        ),
        (
            {"method": "POST", "url": URL, "body": {}, "headers": {"Content-Type": "text/csv"}},
            ("body",),
            "a structured body can't be written as text/csv",
        ),
        (
            {"url": URL, "response_mapping": {"a": "$.a"}, "sensitive_outputs": ["b"]},
            ("sensitive_outputs", 0),
            "not an output",
        ),
        ({"url": URL, "response_mapping": {"a": "$."}}, ("response_mapping", "a"), "is not a JSONPath"),
        (
            {"url": URL, "response_mapping": {"a": "$[?match(@.a, 'x')]"}},
            ("response_mapping", "a"),
            "'match' is not defined",
        ),
        ({"url": URL, "response_mapping": {"a": "$[?search(@.a, 'x')]"}}, ("response_mapping", "a"), "'search' is not"),
        (
            {"url": URL, "response_mapping": {"status_code": "$.a"}},
            ("response_mapping", "status_code"),
            "always an output",
        ),
    ],
)
def test_bad_configs_are_reported_at_their_place(config, path, message):
    """One problem each, with the path in the config."""
    (problem,) = RestApi.check(config, FACTS)

    assert path == problem.path
    assert message in problem.message


def test_reports_every_problem_at_once():
    """The first one does not hide the others."""
    config = {"url": "https://{{fields.name}}/", "headers": {"a b": "c"}, "response_mapping": {"x": "y"}}

    assert [("url",), ("headers", "a b"), ("response_mapping", "x")] == [p.path for p in RestApi.check(config, FACTS)]


@pytest.mark.parametrize(
    ("path", "content_type", "encoding"),
    [
        (("url",), None, Encoding.URL),
        (("headers", "X"), None, Encoding.LINE),
        (("body", "a"), None, Encoding.VALUE),
        (("query", "a"), None, Encoding.VALUE),
        (("body_template",), None, Encoding.JSON),
        (("body_template",), "application/problem+json; charset=utf-8", Encoding.JSON),
        (("body_template",), "APPLICATION/XML", Encoding.XML),
        (("body_template",), "application/soap+xml", Encoding.XML),
        (("body_template",), "application/x-www-form-urlencoded", Encoding.FORM),
        (("body_template",), "text/plain", Encoding.TEXT),
        (("body_template",), "text/csv", Encoding.TEXT),
        (("body_template",), "{{env.TYPE}}/json", Encoding.TEXT),
    ],
)
def test_each_place_has_its_encoding(path, content_type, encoding):
    """The Content-Type decides for the body."""
    assert encoding == RestApi.encoding(path, {"headers": {"content-Type": content_type} if content_type else {}})


@pytest.mark.parametrize("key", ["connection", "method", "response_mapping", "sensitive_outputs"])
def test_what_the_author_alone_decides(key):
    """No templates there."""
    assert RestApi.literal((key,))


@pytest.mark.parametrize("key", ["auth", "polling", "verify"])
def test_unknown_keys_are_refused(key):
    """Nothing is silently ignored."""
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        RestApiConfig.model_validate({"url": URL, key: {}})


@pytest.mark.parametrize("codes", [[], [99], [600], ["2xx"]])
def test_success_codes_are_statuses(codes):
    """From 100 to 599, at least one."""
    with pytest.raises(ValueError, match="success_codes"):
        RestApiConfig.model_validate({"url": URL, "success_codes": codes})
