"""Letters as bytes: whatever the values are, a reader gets them, and nothing else."""

import re
from email import message_from_bytes
from email.policy import default

from hypothesis import example, given
from hypothesis import strategies as st
from pao_actions.mail.config import EmailConfig
from pao_actions.mail.letter import write_letter
from pao_actions.mail.server import mail_server
from pao_actions.testing import make_context

from catalog_compiler.actions import Connection

SERVER = mail_server(Connection(id="smtp_default", type="smtp", host="mail", extra={"from_email": "p@example.com"}))
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200).filter(str.strip)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300).filter(str.strip)


def read(subject="s", body="b", html=None):
    config = EmailConfig(to="ada@example.com", subject_template=subject, body_template=body, html_template=html)
    return message_from_bytes(write_letter(config, SERVER, make_context()).content, policy=default)


@example("=?utf-8?q?x?=")
@example("a  b   c")
@example("x" * 998)
@example("ä" * 300)
@example("a" * 59 + " " + "b" * 80 + " =?x?=")
@given(LINE)
def test_every_subject_arrives_exactly(subject):
    """But for blanks at its ends; it is one header, and the others stay what they are."""
    letter = read(subject)

    assert subject.strip() == letter["Subject"]
    assert ("ada@example.com", "p@example.com") == (letter["To"], letter["From"])
    assert 9 <= len(letter.keys()) == len(set(letter.keys()))


@example("\x00\x1b[2J")
@example(".\n..\n")
@example("a\rb")
@example("From me\nFrom you")
@given(TEXT)
def test_every_text_arrives_exactly(body):
    """But for its line ends, which mail has its own for, and one more at its end."""
    ends = re.compile("\r\n|\r|\n")

    shown = ends.sub("\n", read(body=body).get_content())

    assert ends.sub("\n", body) == shown.removesuffix("\n") or ends.sub("\n", body) == shown


def test_the_letter_is_the_same_for_every_try():
    """By its id, which is made of the action's own key."""
    context = make_context()
    config = EmailConfig(to="ada@example.com", subject_template="s", body_template="b")

    first, second = (write_letter(config, SERVER, context).message_id for _ in range(2))

    assert first == second
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.com>", first)
