"""The `teams` action against the webhook of a workflow with a memory."""

from collections import deque

import pytest
from pao_actions.attempts import UNANSWERED
from pao_actions.teams.action import Teams
from pao_actions.testing import FakeClock, MemoryLog, MemorySecrets, make_context, run_action

from catalog_compiler.actions import ConfigFacts, Connection
from catalog_compiler.plan import RetryPlan
from catalog_compiler.templates import Scope
from tests.catalog_compiler.templates.markdown_reader import read, words
from tests.fakes.faulty_server import CUT, LOST, Reply
from tests.fakes.teams import PATH, SIGNATURE, fake_teams, refusal
from tests.pao_actions.dying_state import DyingState
from tests.pao_actions.hostile import HOSTILE

CONFIG = {"text_template": "hello"}
DOUBTFUL = "{}; not tried again, because it may have arrived; give the action a 'retry' if it is safe to repeat"


@pytest.fixture(scope="module")
def server():
    with fake_teams() as teams:
        yield teams


@pytest.fixture
def teams(server):
    """Empty, without faults."""
    server.cards.clear()
    server.calls.clear()
    server.next = deque()
    return server


def post(teams, config=CONFIG, *, password=None, **more):
    scope, retry = more.pop("scope", None), more.pop("retry", None)
    connection = Connection(id="teams_default", type="http", password=password or teams.url)
    return run_action(Teams(), config, scope=scope, context=make_context(connection, **more), retry=retry)


def test_posts_a_card(teams):
    """With a heading, a text, facts and a button."""
    config = {
        "title_template": "Order of\n{{fields.x}}",
        "text_template": "**{{fields.x}}** is\nordered.\n\n- one\n- [two]({{request.url}})\n",
        "facts": {"Name": "{{fields.x}}", "Size": "{{fields.n}}", "Copies": 2},
        "link": {"title": "Show {{fields.x}}", "url": "{{request.url}}"},
    }
    scope = Scope(fields={"x": "a*b", "n": 3}, request={"url": "https://pao.example.com/r?a=1&b=2"})

    outcome = post(teams, config, scope=scope)

    assert {"run_id": "run-1"} == outcome.result.outputs
    (card,) = teams.cards
    title, text, facts = card["body"]
    assert r"Order of a\*b" == title["text"]
    assert ("**a\\*b** is\n\nordered.\n\n- one\n\n- [two](https://pao.example.com/r?a=1&b=2)") == text["text"]
    assert [
        {"title": "Name", "value": r"a\*b"},
        {"title": "Size", "value": "3"},
        {"title": "Copies", "value": "2"},
    ] == facts["facts"]
    assert [{"type": "Action.OpenUrl", "title": "Show a*b", "url": "https://pao.example.com/r?a=1&b=2"}] == card[
        "actions"
    ]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_shown_as_it_is(teams, value):
    """In the heading, in the text, in a fact and on the button, and it never becomes structure."""
    config = {
        "title_template": "{{fields.x}}",
        "text_template": "a {{fields.x}} z",
        "facts": {"x": "{{fields.x}}"},
        "link": {"title": "x{{fields.x}}", "url": "https://a.example"},
    }

    post(teams, config, scope=Scope(fields={"x": value}, env={"TOKEN": "t"}))

    (card,) = teams.cards
    title, text, facts = card["body"]
    for expected, shown in (
        (value, title["text"]),
        (f"a {value} z", text["text"]),
        (value, facts["facts"][0]["value"]),
    ):
        read_text, structure = read(shown)
        assert (words(expected), set()) == (words(read_text), structure)
    assert words(f"x{value}") == words(card["actions"][0]["title"])


def test_a_message_that_teams_would_not_take_is_not_sent(teams):
    """It is refused whole, with its size."""
    outcome = post(teams, {"text_template": "{{fields.x}}"}, scope=Scope(fields={"x": "x" * 100_000}))

    assert (
        "the message has 100325 bytes, and Teams takes 28672; shorten values with the filter 'truncate'"
    ) == outcome.error.message
    assert [] == teams.calls


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"text_template": "  "}, "text_template", "the text is empty"),
        ({"title_template": " "}, "title_template", "the text is empty"),
        (
            {"text_template": "x" * 28_673},
            "text_template",
            "the text alone is larger than the 28672 bytes that Teams takes",
        ),
        (
            {"text_template": "a<br>b"},
            "text_template",
            "'<br>' is HTML, which cards show as it stands",
        ),
        ({"text_template": "<at>Ada</at>"}, "text_template", "'<at>' is HTML, which cards show as it stands"),
        ({"facts": {" ": "x"}}, "facts. ", "a fact has no name"),
        ({"link": {"url": "example.com"}}, "link.url", "'example.com' is no address that a browser opens"),
        ({"link": {"url": "javascript:x"}}, "link.url", "'javascript:x' is no address that a browser opens"),
        ({"link": {"url": "https://"}}, "link.url", "'https://' is no address that a browser opens"),
    ],
)
def test_a_bad_config_is_found_before_there_is_a_request(config, path, message):
    """At its place."""
    (problem,) = Teams.check({**CONFIG, **config}, ConfigFacts(field_types={"x": "string"}))

    assert (path, message) == (".".join(map(str, problem.path)), problem.message)


def test_a_good_config_has_no_problems():
    """Whatever stands in templates."""
    config = {
        "title_template": "{{fields.x}}",
        "text_template": "a < b, [x]({{response.a.url}})",
        "facts": {"a": "{{fields.x}}"},
        "link": {"url": "{{response.a.url}}"},
    }

    assert [] == list(Teams.check(config, ConfigFacts(field_types={})))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "'text_template': Field required"),
        ({"text_template": ""}, "'text_template': String should have at least 1 character"),
        ({"text_template": ["x"]}, "'text_template': Input should be a valid string"),
        ({**CONFIG, "color": "red"}, "'color': Extra inputs are not permitted"),
        ({**CONFIG, "link": "https://x"}, "'link': Input should be a valid dictionary or instance of Link"),
        ({**CONFIG, "link": {"title": "x"}}, "'link.url': Field required"),
        (
            {**CONFIG, "link": {"url": "https://x", "title": ""}},
            "'link.title': String should have at least 1 character",
        ),
        ({**CONFIG, "facts": ["x"]}, "'facts': Input should be a valid dictionary"),
        ({**CONFIG, "facts": {"a": [1]}}, "'facts.a': Input should be a valid string"),
        ({**CONFIG, "timeout": -1}, "'timeout': Input should be greater than 0"),
    ],
)
def test_a_config_that_its_model_refuses(teams, config, message):
    """Nothing is sent."""
    assert (
        f"the action's config is not valid once its templates are filled in: {message}"
        == post(teams, config).error.message
    )
    assert [] == teams.calls


@pytest.mark.parametrize(
    ("password", "message"),
    [
        (" ", "connection 'teams_default' has no URL as its password; set it to that of the workflow's webhook"),
        (
            "T00/B00/X",
            "connection 'teams_default' has no URL as its password; set it to that of the workflow's webhook",
        ),
        (
            "https://x.example/?a=1&amp;sig=x",
            "the URL in the password of connection 'teams_default' has '&amp;' where '&' belongs; copy it anew",
        ),
        ("ftp://x.example/", "POST the Teams workflow: only http and https can be called, not 'ftp'"),
    ],
)
def test_a_connection_that_does_not_fit(teams, password, message):
    """What is missing, and what to do."""
    assert message == post(teams, password=password).error.message


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"text_template": "{{fields.x}}"},
            "the message has no text once its templates are filled in; let 'text_template' have some",
        ),
        (
            {**CONFIG, "link": {"url": "{{fields.x}}"}},
            "'link.url' is no address of http or https once its templates are filled in",
        ),
    ],
)
def test_values_that_make_no_card(teams, config, message):
    """Nothing is sent."""
    assert message == post(teams, config, scope=Scope(fields={"x": " "})).error.message
    assert [] == teams.calls


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            refusal(401, "DirectApiAuthorizationRequired"),
            (
                "the Teams workflow answered 401 DirectApiAuthorizationRequired: it wants its callers signed in; let "
                "its "
                "trigger be for anyone, and copy its new URL into the connection's password"
            ),
        ),
        (
            refusal(400, "WorkflowTriggerIsNotEnabled"),
            (
                "the Teams workflow answered 400 WorkflowTriggerIsNotEnabled: it is switched off; turn it on in Power "
                "Automate"
            ),
        ),
        (
            refusal(400, "TriggerInputSchemaMismatch"),
            (
                "the Teams workflow answered 400 TriggerInputSchemaMismatch: it expects another document; make it of "
                "Teams' "
                "own template for webhook requests that post to a channel"
            ),
        ),
        (
            Reply(401, ""),
            (
                "the Teams workflow answered 401 AuthorizationFailed: its address is not valid; copy the whole URL "
                "anew into "
                "the connection's password"
            ),
        ),
        (
            Reply(413, "too large"),
            (
                "the Teams workflow answered 413 RequestEntityTooLarge: the message is too large; shorten values "
                "with the "
                "filter 'truncate'"
            ),
        ),
        (
            refusal(400, "SomethingNew"),
            (
                "the Teams workflow answered 400 SomethingNew: it says: "
                '{"error": {"code": "SomethingNew", "message": "The request failed."}}; look at the workflow\'s runs '
                "in Power "
                "Automate"
            ),
        ),
        (
            Reply(403, "<html><head><title>x</title></head><body>blocked</body></html>"),
            "the Teams workflow answered 403: it says: x blocked; look at the workflow's runs in Power Automate",
        ),
        (
            Reply(302, "", {"Location": "http://169.254.169.254/"}),
            "the Teams workflow answered 302: it says: (nothing); look at the workflow's runs in Power Automate",
        ),
        (
            Reply(200, "Webhook message delivery failed with error: Bad payload"),
            (
                "Teams refused the message: Webhook message delivery failed with error: Bad payload; give the "
                "connection the "
                "URL of a workflow instead"
            ),
        ),
        (Reply(502, ""), DOUBTFUL.format("POST the Teams workflow answered 502: (nothing)")),
    ],
)
def test_an_answer_that_is_no_success(teams, reply, message):
    """Is not taken for one, and the message is not sent again."""
    teams.next.append(reply)

    assert message == post(teams).error.message
    assert 1 == len(teams.calls)


def test_the_address_is_shown_nowhere(teams):
    """Not in errors, not in the log."""
    log, secrets = MemoryLog(), MemorySecrets()

    error = post(teams, password=teams.url.replace("0a1b2c", "gone"), log=log, secrets=secrets).error

    assert (
        "the Teams workflow answered 404 WorkflowNotFound: it was removed; make a new one, and copy its URL into the "
        "connection's password"
    ) == error.message
    assert SIGNATURE not in str(log.events)
    assert PATH not in str(log.events)
    assert {teams.url.replace("0a1b2c", "gone")} == set(secrets.texts)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, "", {"Retry-After": "17"}),
        Reply(
            200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
            {"Retry-After": "17"},
        ),
    ],
)
def test_teams_is_asked_again_after_the_pause_that_it_wishes(teams, reply):
    """A message that was surely not taken is sent again by itself."""
    clock = FakeClock()
    teams.next.append(reply)

    outcome = run_action(
        Teams(),
        CONFIG,
        context=make_context(Connection(id="teams_default", type="http", password=teams.url)),
        clock=clock,
    )

    assert ("completed", 2, 1) == (outcome.status, outcome.attempts, len(teams.cards))
    assert [17.0] == clock.slept


@pytest.mark.parametrize(("fault", "cards"), [(CUT, 0), (LOST, 1)])
def test_a_message_that_may_have_arrived_is_not_sent_again(teams, fault, cards):
    """The answer is lost, whether Teams took it or not."""
    teams.next.append(fault)

    error = post(teams).error

    assert (cards, 1, True) == (len(teams.cards), len(teams.calls), error.effect_possible)
    assert ("outcome_unknown", True) == (error.kind, error.message.endswith(f"; {UNANSWERED}"))


def test_an_item_can_ask_for_retries(teams):
    """Where twice is better than not at all."""
    teams.next.append(LOST)

    assert "completed" == post(teams, retry=RetryPlan(attempts=1, delay=1, max_delay=1)).status
    assert 2 == len(teams.cards)


@pytest.mark.parametrize(
    ("stored", "status", "cards"),
    [(False, "completed", 1), (True, "outcome_unknown", 0)],
)
def test_a_host_that_dies_posts_nothing_twice(teams, stored, status, cards):
    """Before or after the mark that sending begins; what can't be known is left to a person."""
    state = DyingState(1, stored=stored)

    with pytest.raises(SystemExit):
        post(teams, state=state)

    assert (status, cards) == (post(teams, state=state).status, len(teams.cards))


def test_does_not_fail_the_request():
    """A chat that is away tears down nothing."""
    assert "continue" == Teams.on_error
