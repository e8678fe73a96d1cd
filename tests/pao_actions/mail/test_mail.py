"""The `email` action against a real mail server."""

import socket
from html.parser import HTMLParser
from urllib.parse import parse_qs

import pytest
from pao_actions.attempts import UNANSWERED
from pao_actions.mail.action import Email
from pao_actions.testing import FakeClock, MemoryGate, MemoryLog, MemorySecrets, make_context, run_action

from catalog_compiler.actions import ConfigFacts, Connection
from catalog_compiler.plan import RetryPlan
from catalog_compiler.templates import EncodingError, Scope
from tests.fakes.faulty_server import Faults, Reply, serving
from tests.fakes.mail import CUT, LOGIN, LOST, PASSWORD, SILENCE, TOKEN, fake_mail
from tests.pao_actions.dying_state import DyingState
from tests.pao_actions.hostile import HOSTILE

CONFIG = {"to": "ada@example.com", "subject_template": "hello", "body_template": "body\n"}
FIELDS = ConfigFacts(field_types={"x": "string", "address": "url"})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with fake_mail(tmp_path_factory.mktemp("mail")) as mail:
        yield mail


@pytest.fixture
def mail(server):
    """An empty mailbox, without faults."""
    server.clear()
    return server


EXTRAS = {
    "tls": {},
    "starttls": {"disable_ssl": True},
    "none": {"disable_ssl": True, "disable_tls": True},
    "anonymous": {"disable_ssl": True, "disable_tls": True},
}


def connection(mail, way="starttls", **more):
    extra = {
        "from_email": "Platform <platform@example.com>",
        "verify": str(mail.authority),
        **EXTRAS[way],
        **more.pop("extra", {}),
    }
    settings = {"host": "127.0.0.1", "port": mail.ports[way], "login": LOGIN, "password": PASSWORD, **more}
    return Connection(id="smtp_default", type=settings.pop("type", "smtp"), extra=extra, **settings)


def send(mail, config=CONFIG, **more):
    scope, retry, clock = more.pop("scope", None), more.pop("retry", None), more.pop("clock", None)
    context = make_context(more.pop("connection", None) or connection(mail), **more)
    return run_action(Email(), config, scope=scope, context=context, retry=retry, clock=clock)


def text_of(part):
    """With line ends as the sender wrote them: mail has its own."""
    return part.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("way", ["tls", "starttls", "none"])
def test_sends_a_letter(mail, way):
    """Encrypted from the start, by STARTTLS, or not at all, and signed in."""
    log = MemoryLog()

    outcome = send(mail, connection=connection(mail, way), log=log)

    ((envelope, letter),) = mail.letters
    assert {
        "message_id": letter["Message-ID"],
        "accepted": ["ada@example.com"],
        "refused": [],
    } == outcome.result.outputs
    assert ("platform@example.com", ["ada@example.com"]) == (envelope.mail_from, envelope.rcpt_tos)
    assert ("Platform <platform@example.com>", "ada@example.com", "hello") == (
        letter["From"],
        letter["To"],
        letter["Subject"],
    )
    assert ("auto-generated", "0198c0de-0000-7000-8000-000000000001") == (
        letter["Auto-Submitted"],
        letter["X-PAO-Request-ID"],
    )
    assert "body\n" == text_of(letter)
    assert 1 == len(mail.signed_in)
    assert (way == "none") == ("signed_in_without_encryption" in [event for event, _ in log.events])


def test_sends_to_many(mail):
    """Lists in lists, each address once; nobody sees `bcc`; what is empty is left out."""
    config = {
        **CONFIG,
        "to": ["{{fields.owners}}", "ada@example.com"],
        "cc": ["{{fields.manager}}", "grace@example.com"],
        "bcc": "audit@example.com",
        "reply_to": "{{request.user.email}}",
    }
    scope = Scope(
        fields={"owners": ["ada@example.com", "bob@bücher.example"], "manager": None},
        request={"user": {"email": "req@example.com"}},
    )

    outcome = send(mail, config, scope=scope)

    ((envelope, letter),) = mail.letters
    everybody = ["ada@example.com", "bob@xn--bcher-kva.example", "grace@example.com", "audit@example.com"]
    assert everybody == envelope.rcpt_tos
    assert everybody[:-1] == outcome.result.outputs["accepted"]
    assert ("ada@example.com, bob@xn--bcher-kva.example, ada@example.com", "grace@example.com", None) == (
        letter["To"],
        letter["Cc"],
        letter["Bcc"],
    )
    assert "req@example.com" == letter["Reply-To"]


class Shown(HTMLParser):
    """What a program that shows HTML makes of it."""

    def __init__(self, html):
        super().__init__()
        self.text, self.tags = "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_arrives_as_it_is(mail, value):
    """In the subject (or its refusal names it), in the text, and in HTML; it is never a header and never a tag."""
    config = {
        **CONFIG,
        "subject_template": "<{{fields.x}}>",
        "body_template": "-{{fields.x}}-",
        "html_template": '<p title="{{fields.x}}">{{fields.x}}</p>',
    }
    scope = Scope(fields={"x": value}, env={"TOKEN": "t"})
    if any(ord(character) < 32 for character in value):
        with pytest.raises(EncodingError, match=r"config\.subject_template: the value of 'fields\.x'"):
            send(mail, config, scope=scope)
        config["subject_template"] = "subject"

    outcome = send(mail, config, scope=scope)

    assert "completed" == outcome.status
    ((envelope, letter),) = mail.letters
    if config["subject_template"] != "subject":
        assert f"<{value}>" == letter["Subject"]
    text, html = (text_of(part) for part in letter.iter_parts())
    assert "-{}-\n".format(value.replace("\r\n", "\n")) == text
    shown = Shown(html)
    assert (value, [("p", {"title": value})]) == (shown.text.rstrip("\n"), shown.tags)
    assert ["ada@example.com"] == envelope.rcpt_tos
    assert {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-PAO-Request-ID"} == {*letter.keys()} - {
        "MIME-Version",
        "Content-Type",
        "X-Peer",
        "X-MailFrom",
        "X-RcptTo",
    }


def test_a_long_text_arrives_whole(mail):
    """With lines that are longer than a line of mail, and lines of a single dot."""
    value = "é" * 50_000 + "\n.\n..\nend" + "x" * 50_000
    config = {**CONFIG, "subject_template": "{{fields.y}}", "body_template": "{{fields.x}}"}

    send(mail, config, scope=Scope(fields={"x": value, "y": "s" * 998}))

    ((envelope, letter),) = mail.letters
    assert ("s" * 998, f"{value}\n") == (letter["Subject"], text_of(letter))
    assert envelope.content.isascii()
    assert 998 > max(map(len, envelope.content.split(b"\r\n")))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("ada@example.com, eve@evil.example", "is no e-mail address"),
        ("ada@example.com\r\nBcc: eve@evil.example", "is no e-mail address"),
        ("Ada <ada@example.com>", "is no e-mail address"),
        ("ada@example.com>", "has a domain that can't exist"),
        ("ada", "is no e-mail address"),
        ("@example.com", "is no e-mail address"),
        ('"a b"@example.com', "is no e-mail address"),
        ("a..b@example.com", "is no e-mail address"),
        ("a@-x.example", "has a domain that can't exist"),
        ("a@[127.0.0.1]", "has a domain that can't exist"),
        ("jörg@example.com", "has letters before its '@' that few mail servers take"),
        ("a@" + "x." * 130 + "example", "is longer than an e-mail address can be"),
    ],
)
@pytest.mark.parametrize("key", ["to", "cc", "bcc", "reply_to"])
def test_a_value_that_is_no_address_is_refused(mail, key, value, reason):
    """Before anything is sent: it can't add a recipient, a header or a command."""
    error = send(mail, {**CONFIG, key: "{{fields.x}}"}, scope=Scope(fields={"x": value})).error

    shown = " ".join(value.split())
    shown = shown if len(shown) <= 60 else shown[:60] + "…"
    assert (
        f"'{key}' has '{shown}' once its templates are filled in, which {reason}; write one address an entry"
    ) == error.message
    assert 0 == mail.sessions


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"to": "a@x.example, b@x.example"}, "to", "'a@x.example, b@x.example' is no e-mail address"),
        ({"to": ["a@x.example", "Bob <b@x.example>"]}, "to.1", "'Bob <b@x.example>' is no e-mail address"),
        ({"to": [f"a{n}@x.example" for n in range(101)]}, "to", "the letter has 101 recipients, and 100 are the most"),
        ({"cc": "team"}, "cc", "'team' is no e-mail address"),
        ({"bcc": ["a@b..c"]}, "bcc.0", "'a@b..c' has a domain that can't exist"),
        ({"reply_to": "x@"}, "reply_to", "'x@' is no e-mail address"),
        ({"subject_template": " "}, "subject_template", "the subject is empty"),
        ({"subject_template": "a\nb {{fields.x}}"}, "subject_template", "the subject is one line"),
        ({"subject_template": "x" * 999}, "subject_template", "998 characters are the most"),
        ({"body_template": "\n \n"}, "body_template", "the text is empty"),
        (
            {"html_template": "<script>x = {{fields.x}}</script>"},
            "html_template",
            "'<script>' is not shown by mail programs, and values can't be written safely into it",
        ),
        (
            {"html_template": "<style>p {}</style>"},
            "html_template",
            "'<style>' is not shown by mail programs, and values can't be written safely into it",
        ),
        (
            {"html_template": '<a href="{{fields.x}}">x</a>'},
            "html_template",
            "'fields.x' decides where a link leads",
        ),
        (
            {"html_template": "<a href={{fields.address}}>x</a>"},
            "html_template",
            (
                "'fields.address' stands where XML has names, a comment or CDATA; put it in an element's text or in "
                "a quoted "
                "attribute"
            ),
        ),
    ],
)
def test_a_bad_config_is_found_before_there_is_a_request(config, path, message):
    """At its place."""
    (problem,) = Email.check({**CONFIG, **config}, FIELDS)

    assert (path, message) == (".".join(map(str, problem.path)), problem.message)


def test_a_good_config_has_no_problems():
    """Whatever stands in templates."""
    config = {
        "to": ["{{fields.x}}", "{{fields.x}}@example.com"],
        "subject_template": "{{fields.x}}\n",
        "body_template": "{{fields.x}}",
        "html_template": (
            '<a href="{{fields.address}}" title="{{fields.x}}">x</a><br>'
            '<a href="https://a.example/?q={{fields.x}}">{{fields.x}}</a> <a href="{{request.url}}">show</a>'
        ),
    }

    assert [] == list(Email.check(config, FIELDS))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**CONFIG, "to": []}, "'to': Value error, it names nobody; give at least one address"),
        ({**CONFIG, "to": ["", None]}, "'to': Value error, it names nobody; give at least one address"),
        ({**CONFIG, "to": [7]}, "'to.0': Input should be a valid string"),
        ({**CONFIG, "to": {"a": "b"}}, "'to.0': Input should be a valid string"),
        ({**CONFIG, "from": "x@y.example"}, "'from': Extra inputs are not permitted"),
        ({**CONFIG, "subject_template": ""}, "'subject_template': String should have at least 1 character"),
        ({**CONFIG, "body_template": ["x"]}, "'body_template': Input should be a valid string"),
        ({**CONFIG, "timeout": 0}, "'timeout': Input should be greater than 0"),
        ({"to": "a@x.example", "subject_template": "x"}, "'body_template': Field required"),
    ],
)
def test_a_config_that_its_model_refuses(mail, config, message):
    """Nothing is sent."""
    assert (
        f"the action's config is not valid once its templates are filled in: {message}"
        == send(mail, config).error.message
    )
    assert 0 == mail.sessions


@pytest.mark.parametrize(
    ("config", "value", "message"),
    [
        (
            {"subject_template": "{{fields.x}}"},
            " ",
            "the subject is empty once its templates are filled in; let 'subject_template' have some",
        ),
        (
            {"subject_template": "{{fields.x}}"},
            "x" * 100_000,
            "the subject has 100000 characters, and 998 are the most; shorten values with the filter 'truncate'",
        ),
        (
            {"body_template": "{{fields.x}}"},
            " ",
            "the letter has no text once its templates are filled in; let 'body_template' have some",
        ),
        (
            {"cc": ["{{fields.x}}"]},
            [f"a{n}@example.com" for n in range(100)],
            "the letter has 101 recipients, and 100 are the most",
        ),
    ],
)
def test_values_that_make_no_letter(mail, config, value, message):
    """Nothing is sent."""
    assert message == send(mail, {**CONFIG, **config}, scope=Scope(fields={"x": value})).error.message
    assert 0 == mail.sessions


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "postgres"}, "connection 'smtp_default' is of type 'postgres'; letters need one of type 'smtp'"),
        ({"host": " "}, "connection 'smtp_default' has no host; set it to the mail server"),
        (
            {"extra": {"from_email": ""}},
            (
                "connection 'smtp_default' names no sender; set 'from_email' in its extra to an address such as "
                "'Platform "
                "<platform@example.com>'"
            ),
        ),
        (
            {"extra": {"verify": "/nowhere.pem"}},
            (
                "connection 'smtp_default' names '/nowhere.pem' as its 'verify', which can't be read as a file of "
                "certificates; put the file where the triggerer runs, or correct 'verify' in the connection's extra"
            ),
        ),
        (
            {"extra": {"auth_type": "oauth2"}},
            (
                "connection 'smtp_default' signs in by OAuth 2 and has neither 'access_token' nor 'client_id' and "
                "'client_secret' in its extra; add them, or set 'auth_type' to 'basic'"
            ),
        ),
        (
            {"host": "169.254.169.254"},
            (
                "'169.254.169.254' leads to an address where clouds tell machines their credentials, and no action "
                "may reach "
                "those; use another target. Where it has to be, the operator can name exactly that address in [pao] "
                "allowed_targets"
            ),
        ),
    ],
)
def test_a_connection_that_does_not_fit(mail, change, message):
    """What is wrong, and what to do."""
    assert message == send(mail, connection=connection(mail, **change)).error.message
    assert 0 == mail.sessions


@pytest.mark.parametrize(
    ("way", "change", "message"),
    [
        (
            "starttls",
            {"password": "wrong"},
            (
                "does not let 'pao' in: 535 5.7.8 Authentication credentials invalid; correct login and password of "
                "connection 'smtp_default'"
            ),
        ),
        (
            "none",
            {"extra": {"disable_tls": False}},
            (
                "offers no STARTTLS; correct the port of connection 'smtp_default', or set 'disable_tls' in its "
                "extra to send "
                "without encryption"
            ),
        ),
        (
            "anonymous",
            {},
            "does not let one sign in; drop login and password of connection 'smtp_default', or correct its port",
        ),
        (
            "starttls",
            {"extra": {"disable_ssl": False}},
            (
                "does not speak TLS on this port; set 'disable_ssl' in the extra of connection 'smtp_default' for "
                "STARTTLS, "
                "or correct its port"
            ),
        ),
        (
            "tls",
            {"extra": {"verify": True}},
            (
                "shows a certificate that is not trusted (unable to get local issuer certificate); correct the host of "
                "connection 'smtp_default', or name a file of authorities as 'verify' in its extra"
            ),
        ),
        (
            "starttls",
            {"extra": {"verify": True}},
            (
                "shows a certificate that is not trusted (unable to get local issuer certificate); correct the host of "
                "connection 'smtp_default', or name a file of authorities as 'verify' in its extra"
            ),
        ),
        (
            "starttls",
            {"host": "localhost"},
            (
                "shows a certificate that is not trusted (Hostname mismatch, certificate is not valid for "
                "'localhost'.); "
                "correct the host of connection 'smtp_default', or name a file of authorities as 'verify' in its extra"
            ),
        ),
        (
            "starttls",
            {"extra": {"disable_tls": True}},
            "does not let one sign in; drop login and password of connection 'smtp_default', or correct its port",
        ),
    ],
)
def test_a_server_that_can_not_be_used_like_this(mail, way, change, message):
    """Fails at once, with what to change; the letter is not sent without the encryption that was asked for."""
    error = send(mail, connection=connection(mail, way, **change)).error

    host = change.get("host", "127.0.0.1")
    assert (f"mail server {host}:{mail.ports[way]} {message}", "permanent") == (error.message, error.kind)
    assert [] == mail.letters


def test_a_relay_may_be_private(mail):
    """Its host is in a connection, which the operator made."""
    assert "completed" == send(mail, allow_private_addresses=False).status


def test_any_certificate_can_be_accepted(mail):
    """By Airflow's own option."""
    accepting = connection(mail, "tls", host="localhost", extra={"ssl_context": "none"})

    assert "completed" == send(mail, connection=accepting).status


def test_signs_in_by_a_token(mail):
    """Which is masked."""
    secrets = MemorySecrets()

    outcome = send(
        mail, connection=connection(mail, extra={"auth_type": "oauth2", "access_token": TOKEN}), secrets=secrets
    )

    assert ("completed", ["XOAUTH2"]) == (outcome.status, mail.signed_in)
    assert TOKEN in secrets.texts


def test_a_token_that_is_not_valid(mail):
    """Is answered by the server in two steps."""
    wrong = connection(mail, extra={"auth_type": "oauth2", "access_token": "wrong"})

    assert (
        f"mail server 127.0.0.1:{mail.ports['starttls']} does not let 'pao' in: 535 5.7.8 Authentication credentials "
        "invalid; correct login and password of connection 'smtp_default'"
    ) == send(mail, connection=wrong).error.message


CLIENT = {"auth_type": "oauth2", "client_id": "c", "client_secret": "s3cret", "tenant_id": "t"}


def test_gets_a_token_for_its_client(mail):
    """By client credentials."""
    faults = Faults()
    with serving(lambda _: Reply(200, {"access_token": TOKEN, "expires_in": 3600}), faults) as url:
        outcome = send(mail, connection=connection(mail, extra={**CLIENT, "token_url": f"{url}/token"}))

    assert ("completed", ["XOAUTH2"]) == (outcome.status, mail.signed_in)
    assert {
        "grant_type": ["client_credentials"],
        "client_id": ["c"],
        "client_secret": ["s3cret"],
        "scope": ["https://outlook.office.com/.default"],
    } == parse_qs(faults.calls[0].body.decode())


def test_a_client_that_gets_no_token(mail):
    """Is told what the other side said, and no letter is sent."""
    with serving(lambda _: Reply(400, {"error": "invalid_client"}), Faults()) as url:
        error = send(mail, connection=connection(mail, extra={**CLIENT, "token_url": f"{url}/token"})).error

    assert (
        f"no access token: POST {url[7:]}/token answered 400: invalid_client; check client id, secret and scope"
    ) == error.message
    assert 0 == mail.sessions


def test_some_recipients_refused_is_no_failure(mail):
    """The others get it; who was refused is in the outputs and in the log."""
    log = MemoryLog()

    outcome = send(mail, {**CONFIG, "to": ["nobody@example.com", "ada@example.com"]}, log=log)

    assert ("completed", ["ada@example.com"], ["nobody@example.com"]) == (
        outcome.status,
        outcome.result.outputs["accepted"],
        outcome.result.outputs["refused"],
    )
    assert ("recipient_refused", {"address": "nobody@example.com", "answer": "550 5.1.1 no such mailbox"}) in log.events


def test_nobody_is_told_of_hidden_recipients(mail):
    """Not by outputs, not in the log, not by errors: the requester reads those."""
    log = MemoryLog()

    outcome = send(mail, {**CONFIG, "bcc": ["nobody@audit.example", "secret@audit.example"]}, log=log)
    failed = send(mail, {**CONFIG, "to": "nobody@x.example", "bcc": "nobody@audit.example"}, log=log)

    assert ["ada@example.com", "secret@audit.example"] == mail.letters[0][0].rcpt_tos
    assert (["ada@example.com"], []) == (outcome.result.outputs["accepted"], outcome.result.outputs["refused"])
    assert ("recipient_refused", {"address": "a hidden recipient", "answer": "550"}) in log.events
    assert "nobody@x.example: 550 5.1.1 no such mailbox; a hidden recipient: 550; correct" in failed.error.message
    assert "audit.example" not in str((log.events, outcome, failed))


@pytest.mark.parametrize(
    ("command", "config", "answer", "message"),
    [
        ("MAIL", {}, "550 5.7.1 not yours", "refuses the sender platform@example.com: 550 5.7.1 not yours"),
        ("DATA", {}, "554 5.7.1 spam", "refuses the letter: 554 5.7.1 spam"),
        (
            "RCPT",
            {"to": ["nobody@x.example", "nobody2@x.example"]},
            None,
            (
                "takes the letter for nobody: nobody@x.example: 550 5.1.1 no such mailbox; nobody2@x.example: 550 "
                "5.1.1 no such "
                "mailbox; correct 'to', 'cc' and 'bcc'"
            ),
        ),
    ],
)
def test_what_the_server_refuses(mail, command, config, answer, message):
    """Fails at once; nothing can have been sent."""
    mail.play(command, answer)

    error = send(mail, {**CONFIG, **config}).error

    assert (f"mail server 127.0.0.1:{mail.ports['starttls']} {message}", "permanent", 1, False) == (
        error.message,
        error.kind,
        error.attempts,
        error.effect_possible,
    )


def test_a_letter_that_is_too_large_is_not_sent(mail):
    """The server says how large it may be."""
    error = send(mail, {**CONFIG, "body_template": "{{fields.x}}"}, scope=Scope(fields={"x": "x" * 400_000})).error

    assert error.message.startswith("the letter has 4")
    assert error.message.endswith(
        f"bytes, and mail server 127.0.0.1:{mail.ports['starttls']} takes 300000; shorten values with the filter "
        "'truncate'"
    )
    assert [] == mail.letters


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("EHLO", "421 4.3.2 shutting down"),
        ("AUTH", "454 4.7.0 temporary authentication failure"),
        ("MAIL", "451 4.3.0 later"),
        ("MAIL", "421 4.3.2 shutting down"),
        ("RCPT", "450 4.2.0 greylisted"),
        ("DATA", "452 4.3.1 disk full"),
        ("EHLO", CUT),
        ("MAIL", CUT),
        ("RCPT", CUT),
    ],
)
def test_what_may_pass_is_tried_again(mail, command, answer):
    """Nothing was taken; only what is no answer counts as the server's illness."""
    # A client that is refused signs in by the next method that the server offers.
    mail.play(command, *[answer] * (2 if command == "AUTH" else 1))
    gate, clock = MemoryGate(), FakeClock()

    outcome = send(mail, gate=gate, clock=clock)

    assert ("completed", 2, 1) == (outcome.status, outcome.attempts, len(mail.letters))
    assert (answer == CUT) == bool(gate.found_ill)
    assert [f"127.0.0.1:{mail.ports['starttls']}"] * 2 == gate.calls


def test_a_server_that_stays_busy(mail):
    """Ends with what it said."""
    outcome = send(mail, {**CONFIG, "to": "later@example.com"})

    assert (
        f"mail server 127.0.0.1:{mail.ports['starttls']} takes the letter for nobody for now: later@example.com: 450 "
        "4.2.0 "
        "greylisted, come again; gave up after 4 tries"
    ) == outcome.error.message


def test_a_server_that_is_away(mail):
    """Is told from one that refuses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]

    error = send(mail, connection=connection(mail, port=port)).error

    assert (f"mail server 127.0.0.1:{port} could not be reached; gave up after 4 tries", "temporary") == (
        error.message,
        error.kind,
    )


def test_a_host_that_is_unknown(mail):
    """By its name."""
    error = send(mail, connection=connection(mail, host="mail.invalid")).error

    assert error.message.startswith(f"mail server mail.invalid:{mail.ports['starttls']} could not be reached: ")


def test_a_server_that_says_nothing(mail):
    """Within the time that the item gives."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        error = send(mail, {**CONFIG, "timeout": 0.05}, connection=connection(mail, port=port)).error

    assert (
        f"mail server 127.0.0.1:{port} did not take the letter within 0.05 seconds; gave up after 4 tries"
    ) == error.message


def test_a_server_that_uses_up_the_attempts_time_is_ill(mail):
    """Though it is the item's `timeout` that ends the attempt."""
    gate = MemoryGate()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        silent = connection(mail, port=listener.getsockname()[1])
        outcome = run_action(Email(), CONFIG, context=make_context(silent, gate=gate, clock=FakeClock()), timeout=0.05)

    assert "the attempt did not end within 0.05 seconds" in outcome.error.message
    assert 4 == len(gate.found_ill)


@pytest.mark.parametrize(("fault", "letters"), [(CUT, 0), (LOST, 1)])
def test_a_letter_that_may_have_arrived_is_not_sent_again(mail, fault, letters):
    """The answer is missing, whether the server took it or not."""
    mail.play("DATA", fault)

    outcome = send(mail)

    where = f"mail server 127.0.0.1:{mail.ports['starttls']}"
    assert f"{where} broke off before it said whether it has the letter; {UNANSWERED}" == outcome.error.message
    assert ("outcome_unknown", True, letters) == (outcome.status, outcome.error.effect_possible, len(mail.letters))


def test_an_answer_to_the_content_that_does_not_come_leaves_the_outcome_unknown(mail):
    """Within the item's time, the server has the content and says nothing."""
    mail.play("DATA", SILENCE)
    plain = connection(mail, "anonymous", login="", password="")

    outcome = send(mail, {**CONFIG, "timeout": 1}, connection=plain)

    assert ("outcome_unknown", 1) == (outcome.status, len(mail.letters))
    assert outcome.error.message.endswith(f"did not take the letter within 1 seconds; {UNANSWERED}")


def test_an_item_can_ask_for_retries(mail):
    """Both letters have one id, by which mail systems see that they are one."""
    mail.play("DATA", LOST)

    assert "completed" == send(mail, retry=RetryPlan(attempts=1, delay=1, max_delay=1)).status
    first, second = (letter["Message-ID"] for _, letter in mail.letters)
    assert first == second


@pytest.mark.parametrize(
    ("at", "stored", "status", "letters"),
    [
        (1, False, "completed", 1),  # before the mark that the attempt begins
        (1, True, "completed", 1),  # right after it: nothing was handed in
        (2, False, "completed", 1),  # right before the content, not recorded
        (2, True, "outcome_unknown", 0),  # recorded that the content follows
        (3, False, "outcome_unknown", 1),  # taken, and not recorded
        (3, True, "completed", 1),  # taken and recorded
    ],
)
def test_a_host_that_dies_sends_nothing_twice(mail, at, stored, status, letters):
    """Wherever it dies; what can't be known is left to a person."""
    state = DyingState(at, stored=stored)

    with pytest.raises(SystemExit):
        send(mail, state=state)

    outcome = send(mail, state=state)
    assert (status, letters) == (outcome.status, len(mail.letters))
    if status == "completed":
        assert ["ada@example.com"] == outcome.result.outputs["accepted"]


def test_a_letter_that_was_refused_for_now_is_begun_anew_after_a_death(mail):
    """The server has said that it does not have it, so that nothing is in doubt in the next try."""
    mail.play("DATA", "452 4.3.1 disk full")
    state = DyingState(5, stored=True)  # right after the mark that the second attempt begins

    with pytest.raises(SystemExit):
        send(mail, state=state)

    assert ("completed", 1) == (send(mail, state=state).status, len(mail.letters))


def test_does_not_fail_the_request():
    """A mail server that is away tears down nothing."""
    assert "continue" == Email.on_error
