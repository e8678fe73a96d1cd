"""What is found wrong with a `rest-api` or `webhook` before there is a request: every sentence, at its place."""

import re

import pytest
import yaml
from pao_actions.rest_api import RestApi
from pao_actions.webhook import Webhook

from catalog_compiler.actions import ConfigFacts
from catalog_compiler.checks.configs import check_config

FACTS = ConfigFacts(field_types={"name": "string", "region": "selection", "size": "integer"})
URL = "https://api.example.com/v1"
POLL = {"until": {"path": "$.status", "equals": "done"}}


def found(action_type, config):
    return [
        (".".join(map(str, finding.path)), finding.message, finding.hint)
        for finding in check_config(action_type, config, (), FACTS)
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"authentication": {"type": "basic", "config": {"username": "u", "password": "{{env.P}}"}}},
        {"authentication": {"type": "bearer"}, "connection": "api"},
        {
            "authentication": {
                "type": "oauth2",
                "config": {
                    "token_url": "https://{{fields.region}}.example.com/token",
                    "client_id": "{{env.ID}}",
                    "client_secret": "{{env.S}}",
                    "scope": "a b",
                    "audience": "x",
                    "auth_style": "post",
                },
            }
        },
        {"poll": POLL},
        {"poll": {**POLL, "url": "{Location}"}},
        {"poll": {**POLL, "url": "{$.links['self']}"}},
        {"poll": {**POLL, "url": "{{env.BASE}}/ops/{$.id}?of={{fields.name}}", "headers": {"X": "{{fields.name}}"}}},
        {"poll": {**POLL, "url": "/ops/{$.items[0].id}", "interval": 1, "timeout": 1, "method": "POST"}},
        {"poll": {"until": [{"status_codes": [200]}, {"path": "$.a", "in": ["{{fields.name}}", 1, None]}]}},
        {"poll": {"until": {"status_codes": [200]}, "method": "HEAD", "failed_when": {"status_codes": [404]}}},
        {"poll": POLL, "cancel": {}},
        {"poll": POLL, "cancel": {"method": "DELETE", "url": "/x/{$.id}", "body": {"why": "{{fields.name}}"}}},
    ],
)
def test_good_configs_pass(config):
    """Nothing is reported."""
    assert [] == found(RestApi, {"method": "POST", "url": URL, **config})


BRACE = "a place is a JSONPath as in '{$.operation.id}', or a header as in '{Location}'"
HOST = "scheme and host come from constants, 'env.*' or fields of type selection"


@pytest.mark.parametrize(
    ("config", "path", "message", "hint"),
    [
        (
            {"authentication": {"type": "digest"}},
            "authentication.type",
            "'digest' cannot stand for 'type'; allowed are basic, bearer or oauth2",
            None,
        ),
        ({"authentication": {}}, "authentication.type", "the key 'type' is missing here; add it", None),
        (
            {"authentication": {"type": "basic", "config": {"user": "u"}}},
            "authentication.config.user",
            "'user' is not a key of this config",
            "did you mean 'username'?",
        ),
        (
            {"authentication": {"type": "{{fields.name}}"}},
            "authentication.type",
            "'type' is never templated; write it out",
            None,
        ),
        (
            {"authentication": {"type": "basic", "config": {"username": "u"}}},
            "authentication",
            "type 'basic' needs 'password' in its config",
            "write password: \"{{env.NAME}}\", or name a 'connection' that holds the credentials",
        ),
        (
            {"authentication": {"type": "bearer"}},
            "authentication",
            "type 'bearer' needs 'token' in its config",
            "write token: \"{{env.NAME}}\", or name a 'connection' that holds the credentials",
        ),
        (
            {"authentication": {"type": "bearer", "config": {"token": "{{env.T}}", "scope": "a"}}},
            "authentication.config.scope",
            "'scope' has no effect with type 'bearer'",
            "it belongs to type 'oauth2'; 'bearer' has token",
        ),
        (
            {
                "authentication": {"type": "bearer", "config": {"token": "{{env.T}}"}},
                "headers": {"authorization": "Bearer x"},
            },
            "headers.authorization",
            "'authorization' and 'authentication' both say how to sign in",
            "keep one of them",
        ),
        (
            {
                "connection": "api",
                "authentication": {"type": "oauth2", "config": {"token_url": "https://{{fields.name}}/token"}},
            },
            "authentication.config.token_url",
            "'fields.name' decides which host is called",
            HOST,
        ),
        (
            {"connection": "api", "authentication": {"type": "oauth2", "config": {"token_url": "/token"}}},
            "authentication.config.token_url",
            "the URL has neither scheme nor host",
            "write it from 'https://' on, or start it with an 'env' reference, or name a 'connection'",
        ),
        (
            {"connection": "api", "authentication": {"type": "oauth2", "config": {"auth_style": "jwt"}}},
            "authentication.config.auth_style",
            "'jwt' cannot stand for 'auth_style'; allowed are basic or post",
            None,
        ),
        ({"poll": {}}, "poll.until", "the key 'until' is missing here; add it", None),
        (
            {"poll": {"until": {}}},
            "poll.until",
            "the condition says nothing of the answer",
            "write for example {path: $.status, in: [done]} or {status_codes: [200]}",
        ),
        (
            {"poll": {"until": {"equals": "done", "status_codes": [200]}}},
            "poll.until.equals",
            "'equals' has no effect without a 'path'",
            "add the path of the value that is meant, as in path: $.status",
        ),
        (
            {"poll": {**POLL, "failed_when": [{"path": "$.a"}]}},
            "poll.failed_when.0.path",
            "nothing is said of what the path finds",
            "add 'equals', 'in' or 'exists'",
        ),
        (
            {"poll": {"until": {"path": "status", "exists": True}}},
            "poll.until.path",
            "'status' is not a JSONPath of RFC 9535: it does not start with '$', the answer's root",
            "a path starts at the answer's root, as in $.status",
        ),
        (
            {"poll": {"until": {"path": "{{fields.name}}", "exists": True}}},
            "poll.until.path",
            "'path' is never templated; write it out",
            None,
        ),
        (
            {"poll": {**POLL, "url": "https://{$.host}/x"}},
            "poll.url",
            "a place in the host decides which host is called",
            "write scheme and host out, or let the whole URL be one place, as in '{$.links.status}'",
        ),
        (
            {"poll": {**POLL, "url": "https://{{fields.name}}/x"}},
            "poll.url",
            "'fields.name' decides which host is called",
            HOST,
        ),
        ({"poll": {**POLL, "url": "ftp://x/y"}}, "poll.url", "'ftp' can't be called", "write http or https"),
        ({"poll": {**POLL, "url": "/x/{$.a"}}, "poll.url", "a brace has no partner", BRACE),
        (
            {"poll": {**POLL, "url": "/x/{an id}"}},
            "poll.url",
            "'{an id}' is neither a JSONPath nor the name of a header",
            BRACE,
        ),
        (
            {"poll": {**POLL, "url": "/x/{$.items[*].id}"}},
            "poll.url",
            "'{$.items[*].id}' may find several values, and a URL takes one",
            BRACE,
        ),
        (
            {"poll": {**POLL, "headers": {"a b": "c"}}},
            "poll.headers.a b",
            "'a b' is not a header's name",
            "write letters, digits and hyphens, as in X-Request-ID",
        ),
        (
            {"poll": {**POLL, "interval": 60, "timeout": 30}},
            "poll.interval",
            "the interval of 60 seconds is longer than the timeout of 30",
            "shorten 'interval' or raise 'timeout'",
        ),
        (
            {"poll": {**POLL, "method": "HEAD"}},
            "poll.method",
            "a HEAD is answered without a body, so the path in 'until' finds nothing",
            "write 'method: GET', or judge by 'status_codes'",
        ),
        (
            {"cancel": {"method": "DELETE"}},
            "cancel",
            "'cancel' has no effect without 'poll': once the call is answered, nothing is left to stop",
            "add 'poll', or take 'cancel' out",
        ),
        (
            {"poll": POLL, "cancel": {"url": "/x/{}"}},
            "cancel.url",
            "'{}' is neither a JSONPath nor the name of a header",
            BRACE,
        ),
        (
            {"method": "HEAD", "response_mapping": {"a": "$.a"}},
            "response_mapping",
            "a HEAD is answered without a body, so a mapping finds nothing",
            "write 'method: GET', or take the mapping out",
        ),
        ({"url": "https://{{fields.name}}/x"}, "url", "'fields.name' decides which host is called", HOST),
        (
            {"headers": {"Content-Length": "5"}},
            "headers.Content-Length",
            "'Content-Length' is set from the body by itself",
            "take it out",
        ),
        (
            {"body": {}, "body_template": "{}"},
            "body_template",
            "'body' and 'body_template' are both given",
            "keep one of them",
        ),
        (
            {"response_mapping": {"status_code": "$.a"}},
            "response_mapping.status_code",
            "'status_code' is always an output",
            "give this output another name",
        ),
        (
            {"sensitive_outputs": ["b"]},
            "sensitive_outputs.0",
            "'b' is not an output of 'response_mapping', so nothing would be kept secret",
            "write the output's name as it stands there",
        ),
    ],
)  # fmt: skip
def test_bad_configs(config, path, message, hint):
    """One problem each."""
    assert [(path, message, hint)] == found(RestApi, {"method": "POST", "url": URL, **config})


@pytest.mark.parametrize(
    ("kind", "key", "others"),
    [
        ("basic", "password", {"username": "u"}),
        ("bearer", "token", {}),
        ("oauth2", "client_secret", {"token_url": "https://h/t", "client_id": "c"}),
    ],
)
def test_a_secret_that_is_written_out_is_a_warning(kind, key, others):
    """A connection or a variable keeps it out of git."""
    config = {"url": URL, "authentication": {"type": kind, "config": {**others, key: "s3cret"}}}

    (finding,) = check_config(RestApi, config, (), FACTS)

    assert ("suspicious-secret", ("authentication", "config", key)) == (finding.code, finding.path)
    assert f"'{key}' is written out, so that everyone who can read the catalog knows it" == finding.message
    assert f"write {key}: \"{{{{env.NAME}}}}\", or leave it to the 'connection'" == finding.hint


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", RestApi.notes, re.DOTALL))
def test_the_documentations_examples_are_valid(example):
    """As they stand there."""
    action = yaml.safe_load(example)

    assert ("rest-api", []) == (action["type"], found(RestApi, action["config"]))


@pytest.mark.parametrize(
    "signature",
    [
        {"secret_ref": "s"},
        {"secret_ref": "s", "algorithm": "sha512", "header": "X-Sig", "timestamp_header": "X-Time"},
        {"secret_ref": "s", "format": "standard"},
        {"secret_ref": "s", "format": "standard", "algorithm": "sha256"},
    ],
)
def test_good_signatures_pass(signature):
    """Nothing is reported."""
    assert [] == found(Webhook, {"url": URL, "headers": {"X-A": "b"}, "signature": signature})


STANDARD = "take it out; the headers are webhook-id, webhook-timestamp, webhook-signature"


@pytest.mark.parametrize(
    ("config", "path", "message", "hint"),
    [
        ({"signature": {}}, "signature.secret_ref", "the key 'secret_ref' is missing here; add it", None),
        (
            {"signature": {"secret_ref": "{{env.S}}"}},
            "signature.secret_ref",
            "'secret_ref' is never templated; write it out",
            None,
        ),
        (
            {"signature": {"secret_ref": "s", "algorithm": "md5"}},
            "signature.algorithm",
            "'md5' cannot stand for 'algorithm'; allowed are sha256 or sha512",
            None,
        ),
        (
            {"signature": {"secret_ref": "s", "format": "github"}},
            "signature.format",
            "'github' cannot stand for 'format'; allowed are hmac or standard",
            None,
        ),
        (
            {"signature": {"secret_ref": "s", "secret": "x"}},
            "signature.secret",
            "'secret' is not a key of this config",
            "did you mean 'secret_ref'?",
        ),
        (
            {"signature": {"secret_ref": "s", "header": "X Sig"}},
            "signature.header",
            "'X Sig' is not a header's name",
            "write letters, digits and hyphens, as in X-Signature",
        ),
        (
            {"signature": {"secret_ref": "s", "timestamp_header": "x-signature"}},
            "signature.timestamp_header",
            "the time and the signature can't be in the same header",
            "write for example 'timestamp_header: X-Timestamp'",
        ),
        (
            {"signature": {"secret_ref": "s"}, "headers": {"x-signature": "a"}},
            "headers.x-signature",
            "'x-signature' is set by the signature",
            "take it out",
        ),
        (
            {"signature": {"secret_ref": "s", "timestamp_header": "X-T"}, "headers": {"X-T": "a"}},
            "headers.X-T",
            "'X-T' is set by the signature",
            "take it out",
        ),
        (
            {"signature": {"secret_ref": "s", "format": "standard", "header": "X-Sig"}},
            "signature.header",
            "'header' has no effect with 'format: standard', which has headers of its own",
            STANDARD,
        ),
        (
            {"signature": {"secret_ref": "s", "format": "standard", "timestamp_header": "X-T"}},
            "signature.timestamp_header",
            "'timestamp_header' has no effect with 'format: standard', which has headers of its own",
            STANDARD,
        ),
        (
            {"signature": {"secret_ref": "s", "format": "standard", "algorithm": "sha512"}},
            "signature.algorithm",
            "Standard Webhooks sign with sha256",
            "take 'algorithm' out",
        ),
        (
            {"signature": {"secret_ref": "s", "format": "standard"}, "headers": {"Webhook-Id": "1"}},
            "headers.Webhook-Id",
            "'Webhook-Id' is set by the signature",
            "take it out",
        ),
        (
            {"method": "SEND"},
            "method",
            "'SEND' cannot stand for 'method'; allowed are GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE",
            None,
        ),
        ({"method": "{{fields.name}}"}, "method", "'method' is never templated; write it out", None),
        ({"url": ""}, "url", "'url' must not be empty", None),
        ({"timeout": 0}, "timeout", "'timeout' must be more than 0.0, and it is 0", None),
        (
            {"success_codes": [20]},
            "success_codes.0",
            "entry 1 of 'success_codes' must be at least 100, and it is 20",
            None,
        ),
        (
            {"response_mapping": {"a": "$.a"}},
            "response_mapping",
            "'response_mapping' is not a key of this config",
            "there are body, body_template, headers, method, signature, success_codes, timeout, url",
        ),
        (
            {"body": {}, "headers": {"Content-Type": "text/csv"}},
            "body",
            "a structured body can't be written as text/csv",
            "use 'body_template'",
        ),
        (
            {"body_template": "{{fields.name}}: 1"},
            "body_template",
            "the body is not JSON once its placeholders are filled in: line 1: Extra data",
            "correct it, or give the 'Content-Type' that it has",
        ),
    ],
)  # fmt: skip
def test_bad_webhooks(config, path, message, hint):
    """One problem each."""
    assert [(path, message, hint)] == found(Webhook, {"url": URL, **config})
