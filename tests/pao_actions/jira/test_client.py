"""The connection to Jira: whom it signs in, which Jira it is, and what Jira's answers mean."""

import asyncio

import pytest
from pao_actions.jira.client import open_client
from pao_actions.testing import MemoryConnections, MemoryState, make_context

from catalog_compiler.actions import Connection
from tests.fakes.jira import EMAIL, TOKEN, Fault


def connected(desk, **more):
    return {"connections": MemoryConnections(desk.connection(**more)), "state": MemoryState()}


@pytest.mark.parametrize(
    ("connection", "scheme"),
    [
        ({"login": EMAIL, "password": TOKEN}, "Basic "),
        ({"login": None, "password": TOKEN}, "Bearer "),
        ({"login": None, "password": None, "extra": {"token": TOKEN}}, "Bearer "),
        ({"login": None, "password": None, "extra": {"personal_access_token": TOKEN}}, "Bearer "),
        ({"login": None, "password": None, "extra": {"headers": {"Authorization": f"Bearer {TOKEN}"}}}, "Bearer "),
    ],
)
def test_signs_in_as_the_connection_says(desk, connection, scheme):
    """Basic with an API token, or a bearer token; `extra` is not sent as headers."""
    more = {**connection, "extra": {"verify": False, "cloud": desk.jira.cloud, **connection.get("extra", {})}}

    outcome = desk.run(**connected(desk, **more))

    assert "completed" == outcome.status, outcome.error
    assert all(call.headers["authorization"].startswith(scheme) for call in desk.jira.calls)
    assert not {"cloud", "token", "verify"} & set(desk.jira.calls[0].headers)


@pytest.mark.parametrize(
    ("host", "extra", "base", "cloud"),
    [
        ("https://example.atlassian.net", {}, "https://example.atlassian.net", True),
        ("example.atlassian.net/", {}, "https://example.atlassian.net", True),
        ("https://api.atlassian.com/ex/jira/1122", {}, "https://api.atlassian.com/ex/jira/1122", True),
        ("https://jira.example.com", {"cloud": True}, "https://jira.example.com", True),
        ("https://jira.example.com/jira", {"cloud": False}, "https://jira.example.com/jira", False),
        ("http://jira.example.com", {"cloud": False}, "http://jira.example.com", False),
    ],
)
def test_which_jira_a_connection_leads_to(host, extra, base, cloud):
    """By its host, or its extra; https, unless it says otherwise."""
    connection = Connection(id="jira", type="jira", host=host, login="a", password="b", extra=extra)

    client = asyncio.run(open_client("jira", make_context(connection)))

    assert (base, cloud) == (client.base, client.cloud)


def test_which_jira_it_is(desk):
    """By the connection or the host; else Jira is asked, once in some minutes."""
    desk.run()
    desk.run(state=MemoryState())

    # Two runs are two event loops here.
    assert 2 == len(desk.jira.calls_of("GET", "/serverInfo"))
    assert desk.jira.calls_of("POST", "/issue")
    desk.jira.calls.clear()
    desk.run(**connected(desk, extra={"cloud": desk.jira.cloud}))
    assert [] == desk.jira.calls_of("GET", "/serverInfo")


@pytest.mark.parametrize("answer", [{}, None, {"deploymentType": ""}, {"version": "9.12"}, []])
def test_an_empty_answer_is_not_data_center(cloud, answer):
    """It is asked again, and remembered only once it says something."""
    cloud.jira.faults = [Fault("GET", "/serverInfo", 200, times=2, document=b"" if answer is None else answer)]

    outcome = cloud.run()

    assert ("completed", 3) == (outcome.status, outcome.attempts)
    assert 3 == len(cloud.jira.calls_of("GET", "/serverInfo"))


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (
            {"host": None},
            "connection 'jira_default' has no host; write Jira's address there, such as https://example.atlassian.net",
        ),
        (
            {"password": None},
            (
                "connection 'jira_default' has no password; write a user's email and API token there for Jira Cloud, a "
                "personal access token as its password for Data Center"
            ),
        ),
        (
            {"login": None, "password": None},
            (
                "connection 'jira_default' has no login and password; write a user's email and API token there for "
                "Jira Cloud, a personal access token as its password for Data Center"
            ),
        ),
        (
            {"password": "wrong"},
            "Client must be authenticated to access this resource.; Jira does not accept the sign-in",
        ),
        (
            {"password": "wrong", "extra": {"cloud": True}},
            "Jira does not accept the sign-in of connection 'jira_default'",
        ),
    ],
)
def test_a_connection_that_does_not_work_is_named(desk, connection, message):
    """Once, before anything is made."""
    outcome = desk.run(**connected(desk, **connection))

    assert ("failed", 1) == (outcome.status, outcome.attempts)
    assert message in outcome.error.message
    assert "wrong" not in outcome.error.message


def test_a_missing_connection_is_named(desk):
    """By the sentence of those who look it up."""
    outcome = desk.run({"connection": "jira_ops"})

    assert "connection 'jira_ops' does not exist; create it in Airflow" == outcome.error.message


def plain(desk, message):
    """A message, with JIRA for the API's address, and JIRA's own for its host."""
    host = desk.jira.url.removeprefix("http://")
    return message.replace(host + desk.jira.api, "JIRA").replace(host + "/rest/api/2", "JIRA").replace(host, "HOST")


META = "/issue/createmeta/PLATFORM/issuetypes"


NO_JSON = "connection 'jira_default' may lead to a sign-in page or another system"
NO_PROJECT = "project 'PLATFORM' is not there, or the user of connection 'jira_default' may not create tickets in it"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            Fault("GET", "/serverInfo", 404),
            (
                "GET JIRA/serverInfo answered 404: a fault; connection 'jira_default' does not lead to a Jira: correct "
                "its host"
            ),
        ),
        (
            Fault("GET", "/serverInfo", b"<html>Sign in</html>"),
            f"GET JIRA/serverInfo answered 200 with something that is not JSON: Sign in; {NO_JSON}",
        ),
        (
            Fault("GET", META, 302, headers={"Location": "http://evil"}),
            (
                f"GET JIRA{META} answered 302, which leads elsewhere, to a sign-in page perhaps; write Jira's own "
                "address into "
                "connection 'jira_default', and check its login and password"
            ),
        ),
        (Fault("GET", META, 404), f"{NO_PROJECT} (GET JIRA{META} answered 404: a fault)"),
        (Fault("GET", META, 400), f"{NO_PROJECT} (GET JIRA{META} answered 400: a fault)"),
        (Fault("GET", META, 200, document={"values": []}), NO_PROJECT),
        (
            Fault("GET", META, 200, document=[]),
            (
                "Jira at http://HOST does not tell what its create screens ask for, as Jira 8.4 and later do; check "
                "the host "
                "of connection 'jira_default'"
            ),
        ),
        (
            Fault("GET", META, b"{" * 5),
            f"GET JIRA{META} answered 200 with something that is not JSON: {{{{{{{{{{; {NO_JSON}",
        ),
        (
            Fault("GET", META, b"[" * 100_000),
            f"GET JIRA{META} answered 200 with something that is not JSON: {'[' * 199}…; {NO_JSON}",
        ),
        (
            Fault("GET", META, b'"' + b"x" * 9_000_000 + b'"'),
            f"GET JIRA{META} answered with more than 8388608 bytes",
        ),
        (
            Fault("GET", META, 401),
            (
                f"GET JIRA{META} answered 401: a fault; Jira does not accept the sign-in of connection "
                "'jira_default': check "
                "its login and its password, which is an API token on Cloud, and may be a personal access token "
                "elsewhere"
            ),
        ),
        (
            Fault("GET", META, 403, headers={"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=x"}),
            (
                f"GET JIRA{META} answered 403: a fault; Jira wants the user of connection 'jira_default' to solve a "
                "CAPTCHA: "
                "sign in once as that user in a browser"
            ),
        ),
        (
            Fault("POST", "/issue", 403),
            "POST JIRA/issue answered 403: a fault; the user of connection 'jira_default' lacks a permission for it",
        ),
        (Fault("POST", "/issue", 404), "POST JIRA/issue answered 404: a fault"),
        (Fault("POST", "/issue", 409), "POST JIRA/issue answered 409: a fault"),
        (Fault("POST", "/issue", 413, document=b"too large"), "POST JIRA/issue answered 413: too large"),
        (Fault("POST", "/issue", 400, document={"message": "no"}), "POST JIRA/issue answered 400: no"),
        (Fault("POST", "/issue", 400, document=b""), "POST JIRA/issue answered 400"),
        (
            Fault("POST", "/issue", 400, document={"errorMessages": ["a", "b"], "errors": {"customfield_10012": "c"}}),
            "POST JIRA/issue answered 400: a; b; Cost Center: c",
        ),
        (
            Fault("POST", "/issue", 400, document={"errorMessages": "odd", "errors": []}),
            'POST JIRA/issue answered 400: {"errorMessages": "odd", "errors": []}',
        ),
    ],
)
def test_a_final_answer_fails_at_once(desk, fault, message):
    """With what Jira says, and nothing was made."""
    desk.jira.faults = [fault]

    outcome = desk.run()

    assert ("failed", 1, False) == (outcome.status, outcome.attempts, outcome.error.effect_possible)
    assert message == plain(desk, outcome.error.message)
    assert {} == desk.jira.issues


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, "cut"])
def test_what_may_pass_is_tried_again(desk, status):
    """Before the ticket is made, everything can be repeated."""
    desk.jira.faults = [Fault("GET", META, status, times=2)]

    outcome = desk.run()

    assert ("completed", 3, 1) == (outcome.status, outcome.attempts, len(desk.jira.issues))


@pytest.mark.parametrize("document", [{}, [], {"id": "1"}, {"key": "A-1"}, "text", b""])
def test_an_answer_without_a_key_is_a_lost_one(desk, document):
    """The ticket is looked for; nothing is made again."""
    desk.jira.faults = [Fault("POST", "/issue", 201, document=document)]

    outcome = desk.run()

    assert ("outcome_unknown", {}) == (outcome.status, desk.jira.issues)
    assert 1 == len(desk.jira.calls_of("POST", "/issue"))


@pytest.mark.parametrize("document", [[], "text", 5, None, {"issues": "odd"}])
@pytest.mark.parametrize("path", ["/issue/[0-9]+", "/search.*", "/issueLinkType"])
def test_answers_that_are_odd_end_in_a_sentence(desk, path, document):
    """Whatever comes, no traceback."""
    desk.jira.add("PLATFORM-90")
    for method in ("GET", "POST"):
        desk.jira.faults.append(Fault(method, path, 200, times=20, document=document))
    desk.jira.faults.append(Fault("POST", "/issue", "lost"))

    outcome = desk.run({"link_to": "PLATFORM-90"})

    assert "unexpected" not in (outcome.error.message if outcome.error else "")


def test_what_follows_a_made_ticket_keeps_it_as_the_result(desk):
    """So that its own undo finds it, and people see the link."""
    desk.jira.faults = [Fault("GET", "/issue/[0-9]+", 500, times=9)]

    outcome = desk.run()

    assert ("failed", "PLATFORM-1") == (outcome.status, outcome.result.outputs["key"])
    assert f"{desk.jira.url}/browse/PLATFORM-1" == outcome.result.url


def test_a_ticket_that_its_maker_may_not_see_is_made_nonetheless(desk):
    """Status and assignee are not known then, and the log says so."""
    desk.jira.forbidden = [("GET", "/issue/[0-9]+")]

    outcome = desk.run()

    assert ("completed", None) == (outcome.status, outcome.result.outputs["status"])
    assert 1 == len(desk.events("ticket_not_seen"))


def test_links_to_the_site_of_an_oauth_connection(desk):
    """Its calls go elsewhere."""
    outcome = desk.run(**connected(desk, extra={"site": "https://example.atlassian.net/"}))

    assert "https://example.atlassian.net/browse/PLATFORM-1" == outcome.result.url


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("ada@example.com", "ada"),
        ("ADA@example.com", "ada"),
        ("Ada Lovelace", "ada"),
        ("platform", "ada"),
        ("grace@example.com", "grace"),
        ("5b10ac8d82e05b22cc7d4ef5", "ada"),
        ("712020:0e3f5c0a-0000-4000-8000-000000000002", "grace"),
        ("Ada", None),
        ("gone@example.com", None),
        ("team-without-account", None),
        ("nobody", None),
        ("grace", None),
    ],
)
def test_whom_a_ticket_is_assigned_to(cloud, name, found):
    """An account, an email (hidden ones too), a full name or a team; otherwise nobody, with a warning."""
    outcome = cloud.run({"assignee": "{{fields.x}}"}, fields={"x": name})

    assert "completed" == outcome.status
    assignee = cloud.jira.only()["fields"]["assignee"]
    assert found == (assignee and assignee["name"])
    warnings = [] if found else [name]
    assert warnings == [event["assignee"] for event in cloud.events("ticket_unassigned")]


@pytest.mark.parametrize(
    ("name", "found"),
    [("ada", "ada"), ("GRACE", "grace"), ("grace@example.com", "grace"), ("Ada Lovelace", "ada"), ("a", None)],
)
def test_whom_a_ticket_of_data_center_is_assigned_to(server, name, found):
    """A user name as well."""
    server.run({"assignee": name})

    assignee = server.jira.only()["fields"]["assignee"]
    assert found == (assignee and assignee["name"])


def test_two_of_one_name_are_nobody(desk):
    """PAO does not guess."""
    desk.jira.users[1]["displayName"] = "Ada Lovelace"

    desk.run({"assignee": "Ada Lovelace"})

    assert None is desk.jira.only()["fields"]["assignee"]


def test_a_user_search_that_is_not_allowed_leaves_the_ticket_unassigned(desk):
    """It needs a permission of its own."""
    desk.jira.forbidden = [("GET", "/user/assignable/search")]

    outcome = desk.run({"assignee": "ada@example.com"})

    assert "completed" == outcome.status
    assert "lacks a permission for it" in desk.events("ticket_unassigned")[0]["reason"]


@pytest.mark.parametrize(
    ("link", "ends"),
    [
        ("PLATFORM-90", ("Relates", "PLATFORM-2", "PLATFORM-90")),
        ({"key": "PLATFORM-90", "type": "blocks"}, ("Blocks", "PLATFORM-2", "PLATFORM-90")),
        ({"key": "PLATFORM-90", "type": "Blocks"}, ("Blocks", "PLATFORM-2", "PLATFORM-90")),
        ({"key": "PLATFORM-90", "type": "is blocked by"}, ("Blocks", "PLATFORM-90", "PLATFORM-2")),
    ],
)
def test_links_to_other_tickets(desk, link, ends):
    """By the type's name or by either of its phrases; once, also after a restart."""
    desk.jira.add("PLATFORM-90")

    assert "completed" == desk.run({"link_to": link}).status
    assert "completed" == desk.run({"link_to": link}).status

    assert [ends] == [
        (made["type"]["name"], made["inwardIssue"]["key"], made["outwardIssue"]["key"]) for made in desk.jira.links
    ]
    assert 1 == len(desk.jira.calls_of("POST", "/issueLink"))


def test_a_link_that_jira_refuses_is_told(desk):
    """The ticket stands."""
    desk.jira.add("PLATFORM-90")
    desk.jira.faults = [Fault("POST", "/issueLink", 400)]

    outcome = desk.run({"link_to": ["PLATFORM-90"]})

    assert "completed" == outcome.status
    assert ["PLATFORM-90"] == [event["to"] for event in desk.events("ticket_not_linked")]
