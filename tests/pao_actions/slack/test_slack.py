"""The `slack` action against a Slack with a memory."""

from collections import deque

import pytest
from pao_actions.attempts import UNANSWERED
from pao_actions.slack.action import Slack
from pao_actions.testing import FakeClock, MemoryLog, MemorySecrets, make_context, run_action

from catalog_compiler.actions import ConfigFacts, Connection
from catalog_compiler.plan import RetryPlan
from catalog_compiler.templates import Scope
from tests.fakes.faulty_server import CUT, LOST, Reply
from tests.fakes.slack import HOOK, TOKEN, fake_slack, marks, shown
from tests.pao_actions.dying_state import DyingState
from tests.pao_actions.hostile import HOSTILE

CONFIG = {"channel": "#platform", "text_template": "hello"}
HOOK_CONFIG = {"text_template": "hello"}


@pytest.fixture(scope="module")
def server():
    with fake_slack() as slack:
        yield slack


@pytest.fixture
def slack(server):
    """Empty, without faults."""
    server.messages.clear()
    server.calls.clear()
    server.next = deque()
    return server


def bot(slack, **more):
    return Connection(id="slack_default", type="slack", password=TOKEN, extra={"base_url": f"{slack.url}/api/"}, **more)


def hook(slack, path=HOOK):
    return Connection(id="slack_default", type="slackwebhook", host=f"{slack.url}/services", password=path)


def post(slack, config=CONFIG, connection=None, **more):
    scope = more.pop("scope", None)
    retry = more.pop("retry", None)
    context = make_context(connection or bot(slack), **more)
    return run_action(Slack(), config, scope=scope, context=context, retry=retry)


def test_posts_as_an_app(slack):
    """And gives what later messages and people need."""
    outcome = post(slack)

    assert {
        "ts": "1700000000.000100",
        "channel": "C012AB3CD",
        "permalink": "https://acme.slack.com/archives/C012AB3CD/p1700000000000100",
    } == outcome.result.outputs
    assert outcome.result.outputs["permalink"] == outcome.result.url
    (message,) = slack.messages
    assert ("hello", "none", False, False) == (
        message["text"],
        message["parse"],
        message["link_names"],
        message["unfurl_links"],
    )


def test_posts_by_a_webhook(slack):
    """Which has a channel of its own, and tells no id."""
    outcome = post(slack, HOOK_CONFIG, hook(slack))

    assert {"ts": None, "channel": None, "permalink": None} == outcome.result.outputs
    assert ["hello"] == [message["text"] for message in slack.messages]


def test_a_webhook_can_be_a_whole_address(slack):
    """In the password of a connection of any type."""
    connection = Connection(id="slack_default", type="http", password=f"{slack.url}/services/{HOOK}")

    assert "completed" == post(slack, HOOK_CONFIG, connection).status


def test_answers_in_a_thread(slack):
    """Of an earlier action's message."""
    first = post(slack).result.outputs["ts"]

    post(slack, {**CONFIG, "thread": "{{response.first.ts}}"}, scope=Scope(response={"first": {"ts": first}}))

    assert first == slack.messages[1]["thread_ts"]


def test_sends_blocks(slack):
    """With values encoded for the markup of each text."""
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "{{fields.x}}"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*{{fields.x}}*"}},
        {"type": "markdown", "text": "**{{fields.x}}**"},
        {"type": "actions", "elements": [{"type": "button", "url": "{{request.url}}", "value": "{{fields.n}}"}]},
    ]
    scope = Scope(fields={"x": "<!here> *a*", "n": 7}, request={"url": "https://pao.example.com/r?a=1&b=2"})

    post(slack, {**CONFIG, "blocks": blocks}, scope=scope)

    header, section, markdown, actions = slack.messages[0]["blocks"]
    assert "<!here> *a*" == header["text"]["text"]
    assert "*&lt;!here&gt; *a**" == section["text"]["text"]
    assert r"**\<!here> \*a\***" == markdown["text"]
    assert {"type": "button", "url": "https://pao.example.com/r?a=1&b=2", "value": "7"} == actions["elements"][0]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_arrives_as_it_is(slack, value):
    """In the text, in a link's label where it is one line, in a link's address, and in every text of a block."""
    label = "{{fields.x}}" if value.isprintable() else "label"
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "-{{fields.x}}-"}}]
    text = f"-{{{{fields.x}}}}- <https://a.example/?q={{{{fields.x}}}}|{label}> <!channel>"

    outcome = post(
        slack, {**CONFIG, "text_template": text, "blocks": blocks}, scope=Scope(fields={"x": value}, env={"TOKEN": "t"})
    )

    assert "completed" == outcome.status
    (message,) = slack.messages
    shown_label = value if value.isprintable() else "label"
    assert f"-{value}- [{shown_label.rpartition('|')[2]}] [!channel]" == shown(message["text"])
    assert 2 == len(marks(message["text"]))
    assert [f"-{value}-", []] == [
        shown(message["blocks"][0]["text"]["text"]),
        marks(message["blocks"][0]["text"]["text"]),
    ]


def test_a_text_that_slack_would_cut_is_refused(slack):
    """Nothing arrives in part."""
    outcome = post(slack, {**CONFIG, "text_template": "{{fields.x}}"}, scope=Scope(fields={"x": "x" * 100_000}))

    assert (
        "the message has 100000 characters, and Slack cuts it after 40000; shorten values with the filter 'truncate'"
    ) == outcome.error.message
    assert [] == slack.calls


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"channel": "Platform"}, "channel", "'Platform' is no channel of Slack"),
        ({"channel": "#a b"}, "channel", "'#a b' is no channel of Slack"),
        ({"channel": "https://hooks.slack.com/x"}, "channel", "'https://hooks.slack.com/x' is no channel of Slack"),
        ({"channel": "@ada"}, "channel", "'@ada' is a person's name"),
        ({"channel": ""}, "channel", "'' is no channel of Slack"),
        ({"thread": "yesterday"}, "thread", "'yesterday' is no message's 'ts'"),
        ({"thread": "1700000000"}, "thread", "'1700000000' is no message's 'ts'"),
        ({"text_template": " \n "}, "text_template", "the text is empty"),
        (
            {"text_template": "x" * 40_001},
            "text_template",
            "the text has 40001 characters, and Slack cuts it after 40000",
        ),
        (
            {"text_template": "<!{{fields.x}}>"},
            "text_template",
            "'fields.x' stands in a special mention of Slack; write that without values",
        ),
        (
            {"text_template": "[show]({{request.url}})"},
            "text_template",
            "'[show]({{request.url}})' is Markdown, which Slack shows as it stands",
        ),
        (
            {"text_template": "**{{fields.x}}**"},
            "text_template",
            "'**{{fields.x}}**' is Markdown, which Slack shows as it stands",
        ),
        ({"blocks": [{"text": "x"}]}, "blocks.0", "a block needs a 'type'"),
        (
            {"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "<!subteam^{{fields.x}}>"}]}]},
            "blocks.0.elements.0.text",
            "'fields.x' stands in a special mention of Slack; write that without values",
        ),
    ],
)
def test_a_bad_config_is_found_before_there_is_a_request(config, path, message):
    """At its place."""
    (problem,) = Slack.check({**CONFIG, **config}, ConfigFacts(field_types={"x": "string"}))

    assert (path, message) == (".".join(map(str, problem.path)), problem.message)


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        {**CONFIG, "channel": "C012AB3CD", "thread": "{{response.first.ts}}"},
        {**CONFIG, "channel": "#{{fields.team}}-alerts", "text_template": "<@{{fields.x}}> <{{request.url}}|show>"},
        {**CONFIG, "channel": "équipe-données", "thread": "1700000000.000100"},
    ],
)
def test_a_good_config_has_no_problems(config):
    """Whatever stands in templates."""
    assert [] == list(Slack.check(config, ConfigFacts(field_types={})))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"channel": "#platform"}, "'text_template': Field required"),
        ({**CONFIG, "text_template": ""}, "'text_template': String should have at least 1 character"),
        ({**CONFIG, "text_template": None}, "'text_template': Input should be a valid string"),
        ({**CONFIG, "txt": "x"}, "'txt': Extra inputs are not permitted"),
        ({**CONFIG, "timeout": 0}, "'timeout': Input should be greater than 0"),
        ({**CONFIG, "timeout": 601}, "'timeout': Input should be less than or equal to 600"),
        ({**CONFIG, "blocks": "x"}, "'blocks': Input should be a valid list"),
        ({**CONFIG, "blocks": ["x"]}, "'blocks.0': Input should be a valid dictionary"),
        (
            {**CONFIG, "blocks": [{"type": "divider"}] * 51},
            "'blocks': List should have at most 50 items after validation, not 51",
        ),
    ],
)
def test_a_config_that_its_model_refuses(slack, config, message):
    """Nothing is sent."""
    assert (
        f"the action's config is not valid once its templates are filled in: {message}"
        == post(slack, config).error.message
    )
    assert [] == slack.calls


@pytest.mark.parametrize(
    ("config", "connection", "message"),
    [
        (
            CONFIG,
            Connection(id="other", type="slack"),
            "connection 'slack_default' does not exist; create it in Airflow",
        ),
        (
            CONFIG,
            Connection(id="slack_default", type="slack", password=" "),
            (
                "connection 'slack_default' has no password; set it to a bot token (xoxb-...) or to the address of an "
                "incoming webhook"
            ),
        ),
        (
            HOOK_CONFIG,
            Connection(id="slack_default", type="slack", password="xoxb-1"),
            (
                "'channel' is missing, which a bot token needs; add it, or let connection 'slack_default' hold an "
                "incoming webhook"
            ),
        ),
        (
            CONFIG,
            Connection(id="slack_default", type="slackwebhook", password="T0/B0/X"),
            (
                "connection 'slack_default' is an incoming webhook, which has a channel of its own; take 'channel' "
                "out, or use a connection with a bot token"
            ),
        ),
    ],
)
def test_a_connection_that_does_not_fit(slack, config, connection, message):
    """What is missing, and what to do."""
    assert message == post(slack, config, connection).error.message


@pytest.mark.parametrize(
    ("config", "scope", "message"),
    [
        (
            {**CONFIG, "text_template": "{{fields.x}}"},
            {"x": "  "},
            "the message has no text once its templates are filled in; let 'text_template' have some",
        ),
        (
            {**CONFIG, "thread": "{{fields.x}}"},
            {"x": "soon"},
            "'thread' is no message's 'ts' once its templates are filled in; use the output 'ts'",
        ),
    ],
)
def test_values_that_make_no_message(slack, config, scope, message):
    """Nothing is sent."""
    assert message == post(slack, config, scope=Scope(fields=scope)).error.message
    assert [] == slack.calls


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"channel": "#nowhere"},
            (
                "channel_not_found: there is no such channel, or the app can't see it; "
                "write its id, and invite the app to it"
            ),
        ),
        ({"channel": "#strange"}, "not_in_channel: the app is not in the channel; invite it there"),
        ({"channel": "C0ARCHIVE"}, "is_archived: the channel is archived; post to another one"),
        (
            {"channel": "#news"},
            "restricted_action_read_only_channel: the channel is read-only; post to another one",
        ),
        (
            {"thread": "1600000000.000100"},
            "thread_not_found: there is no message with that 'ts'; give 'thread' the output 'ts' of an earlier message",
        ),
        (
            {"blocks": [{"tpe": "section"}]},
            "invalid_blocks: 'blocks' are not what Block Kit describes; try them in Slack's Block Kit Builder",
        ),
    ],
)
def test_what_slack_refuses(slack, change, message):
    """Fails at once, with what to do; nothing can have been posted."""
    error = post(slack, {**CONFIG, **change}).error

    assert (f"Slack refused the message: {message}", "permanent", False, 1) == (
        error.message,
        error.kind,
        error.effect_possible,
        error.attempts,
    )


def test_a_token_that_is_not_valid(slack):
    """Is named as the thing to change, and never shown."""
    wrong = Connection(id="slack_default", type="slack", password="xoxb-wrong", extra={"base_url": f"{slack.url}/api"})

    assert (
        "Slack refused the message: invalid_auth: the token is not valid; put the app's bot token into the "
        "connection's password"
    ) == post(slack, connection=wrong).error.message


NO_ANSWER = (
    "POST Slack's chat.postMessage answered {} with what is no answer of Slack's: {}; check where the connection's "
    "'base_url' leads"
)
DOUBTFUL = "{}; not tried again, because it may have arrived; give the action a 'retry' if it is safe to repeat"
UNKNOWN_CODE = (
    "Slack refused the message: some_new_error: look it up at https://docs.slack.dev/reference/methods/chat.postMessage"
)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(200, {"ok": False, "error": "some_new_error"}), UNKNOWN_CODE),
        (Reply(200, "<html><body>proxy</body></html>"), NO_ANSWER.format(200, "proxy")),
        (Reply(200, {"ok": True}), NO_ANSWER.format(200, '{"ok": true}')),
        (Reply(200, "[1, 2]"), NO_ANSWER.format(200, "[1, 2]")),
        (Reply(404, ""), NO_ANSWER.format(404, "(nothing)")),
        (Reply(302, "", {"Location": "http://169.254.169.254/"}), NO_ANSWER.format(302, "(nothing)")),
        (
            Reply(200, {"ok": False, "error": "internal_error"}),
            DOUBTFUL.format("Slack failed at the message: internal_error"),
        ),
        (Reply(503, "upstream"), DOUBTFUL.format("POST Slack's chat.postMessage answered 503: upstream")),
    ],
)
def test_an_answer_that_is_no_success(slack, reply, message):
    """Is not taken for one, and the message is not sent again."""
    slack.next.append(reply)

    assert message == post(slack).error.message
    assert 1 == len(slack.calls)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(404, "channel_not_found"), "Slack refused the message: channel_not_found: there is no such channel"),
        (Reply(410, "channel_is_archived"), "Slack refused the message: channel_is_archived: the channel is archived"),
        (Reply(403, "action_prohibited"), "Slack refused the message: action_prohibited: the workspace does not let"),
        (Reply(500, "rollup_error"), "POST Slack's webhook answered 500: rollup_error; not tried again"),
        (
            Reply(400, "Bad Request!"),
            "POST Slack's webhook answered 400: Bad Request!; check the address in the connection's password",
        ),
    ],
)
def test_what_a_webhook_refuses(slack, reply, message):
    """In the words of Slack, with what to do."""
    slack.next.append(reply)

    assert post(slack, HOOK_CONFIG, hook(slack)).error.message.startswith(message)


def test_a_webhook_that_is_gone(slack):
    """Is named, and its address is shown nowhere."""
    log, secrets = MemoryLog(), MemorySecrets()

    error = post(slack, HOOK_CONFIG, hook(slack, "T1/B1/some-secret"), log=log, secrets=secrets).error

    assert (
        "Slack refused the message: no_service: the webhook was removed; make a new one in the app's settings"
    ) == error.message
    assert "some-secret" not in str(log.events)
    assert {"T1/B1/some-secret", f"{slack.url}/services/T1/B1/some-secret"} == set(secrets.texts)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}),
        Reply(200, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}),
    ],
)
def test_slack_is_asked_again_after_the_pause_that_it_wishes(slack, reply):
    """A message that was surely not taken is sent again by itself."""
    clock = FakeClock()
    slack.next.append(reply)

    outcome = run_action(Slack(), CONFIG, context=make_context(bot(slack)), clock=clock)

    assert ("completed", 2, 1) == (outcome.status, outcome.attempts, len(slack.messages))
    assert [30.0] == clock.slept


@pytest.mark.parametrize(("fault", "messages"), [(CUT, 0), (LOST, 1)])
def test_a_message_that_may_have_arrived_is_not_sent_again(slack, fault, messages):
    """The answer is lost, whether Slack posted it or not."""
    slack.next.append(fault)

    error = post(slack).error

    assert messages == len(slack.messages)
    assert 1 == len(slack.calls)
    assert error.message.endswith(f"; {UNANSWERED}")
    assert ("outcome_unknown", True) == (error.kind, error.effect_possible)


def test_an_item_can_ask_for_retries(slack):
    """Where twice is better than not at all."""
    slack.next.append(LOST)

    assert "completed" == post(slack, retry=RetryPlan(attempts=1, delay=1, max_delay=1)).status
    assert 2 == len(slack.messages)


@pytest.mark.parametrize(
    ("at", "stored", "status", "messages"),
    [
        (1, False, "completed", 1),  # before the mark that sending begins
        (1, True, "outcome_unknown", 0),  # right after it
        (2, False, "outcome_unknown", 1),  # posted, and not recorded
        (2, True, "completed", 1),  # posted and recorded
    ],
)
def test_a_host_that_dies_posts_nothing_twice(slack, at, stored, status, messages):
    """Wherever it dies; what can't be known is left to a person."""
    state = DyingState(at, stored=stored)

    with pytest.raises(SystemExit):
        post(slack, state=state)

    outcome = post(slack, state=state)
    assert (status, messages) == (outcome.status, len(slack.messages))
    if status == "completed":
        assert outcome.result.outputs["permalink"].startswith("https://acme.slack.com/")


@pytest.mark.parametrize("fault", [CUT, Reply(500, "x"), Reply(200, "x"), Reply(200, {"permalink": "javascript:x"})])
def test_a_link_that_slack_does_not_give_is_no_failure(slack, fault):
    """The message is there."""
    slack.next.extend([None, fault])

    outcome = post(slack)

    assert ("completed", None) == (outcome.status, outcome.result.outputs["permalink"])


def test_a_private_address_is_refused(slack):
    """As for every call, unless the operator allows it."""
    error = post(slack, allow_private_addresses=False).error

    assert error.message.startswith(
        "'127.0.0.1' has only private or reserved addresses, and actions may not reach those"
    )
    assert [] == slack.calls


def test_does_not_fail_the_request():
    """A chat that is away tears down nothing."""
    assert "continue" == Slack.on_error


def test_what_decides_the_call_is_the_authors_alone():
    """No template may stand there."""
    assert Slack.literal(("connection",))
    assert Slack.literal(("blocks", 0, "text", "type"))
    assert not Slack.literal(("blocks", 0, "text", "text"))
