"""The letter: headers and body as bytes, built by Python's own library from checked parts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from catalog_compiler.actions import ActionContext
from pao_actions.exceptions import PermanentError
from pao_actions.mail.addresses import AddressError, mail_address, shown
from pao_actions.mail.config import LONGEST_SUBJECT, MOST_RECIPIENTS, EmailConfig
from pao_actions.mail.server import MailServer

_POLICY = SMTP.clone(cte_type="7bit")
"""Every server takes what is written in ASCII."""
_LONGEST_WORD = 60
"""Characters of a word that fits a line of a header; longer ones are encoded, and so broken up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What is handed in."""

    message_id: str
    recipients: tuple[str, ...]
    """Each address once."""
    hidden: frozenset[str] = frozenset()
    """Those of them that nobody is told of, in outputs and messages either: the requester reads those."""
    content: bytes

    def name(self, address: str) -> str:
        """A recipient as messages call it."""
        return "a hidden recipient" if address in self.hidden else address


def write_letter(config: EmailConfig, server: MailServer, context: ActionContext) -> Letter:
    """The whole letter; raises PermanentError where a value makes it one that can't be sent."""
    to, cc, bcc = (_checked(key, getattr(config, key)) for key in ("to", "cc", "bcc"))
    recipients = tuple(dict.fromkeys((*to, *cc, *bcc)))
    if len(recipients) > MOST_RECIPIENTS:
        raise PermanentError(f"the letter has {len(recipients)} recipients, and {MOST_RECIPIENTS} are the most")
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(server.sender_name, addr_spec=server.sender)
    message["To"] = [Address(addr_spec=address) for address in to]
    if cc:
        message["Cc"] = [Address(addr_spec=address) for address in cc]
    if config.reply_to:
        (answer,) = _checked("reply_to", (config.reply_to,))
        message["Reply-To"] = Address(addr_spec=answer)
    message["Date"] = format_datetime(context.clock.now())
    message["Message-ID"] = _message_id(server, context)
    # Programs that answer by themselves (out of office) do not answer to these.
    message["Auto-Submitted"] = "auto-generated"
    message["X-PAO-Request-ID"] = context.request_id
    _write_body(message, config)
    return Letter(
        message_id=str(message["Message-ID"]),
        recipients=recipients,
        hidden=frozenset(bcc) - {*to, *cc},
        content=_subject_line(_subject(config)) + message.as_bytes(),
    )


def _checked(key: str, addresses: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(mail_address(entry := address) for address in addresses)
    except AddressError as error:
        raise PermanentError(
            f"'{key}' has {shown(entry)} once its templates are filled in, which {error}; write one address an entry"
        ) from error


def _subject(config: EmailConfig) -> str:
    subject = " ".join(config.subject_template.strip().splitlines())
    if not subject:
        raise PermanentError("the subject is empty once its templates are filled in; let 'subject_template' have some")
    if len(subject) > LONGEST_SUBJECT:
        raise PermanentError(
            f"the subject has {len(subject)} characters, and {LONGEST_SUBJECT} are the most; shorten values with the "
            "filter 'truncate'"
        )
    return subject


def _subject_line(subject: str) -> bytes:
    """The header as it goes out.

    Python's messages take a text such as `=?utf-8?q?x?=` for one that is encoded already, and would send another.
    """
    plain = subject.isascii() and "=?" not in subject and max(map(len, subject.split())) <= _LONGEST_WORD
    charset = "us-ascii" if plain else "utf-8"
    line = Header(subject, charset, header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {line}\r\n".encode("ascii")


def _message_id(server: MailServer, context: ActionContext) -> str:
    """The same for every try, so that a server which gets the letter twice can see that it is one."""
    digest = hashlib.sha256(context.idempotency_key.encode("utf-8")).hexdigest()[:32]
    return f"<{digest}@{server.sender.rpartition('@')[2]}>"


def _write_body(message: EmailMessage, config: EmailConfig) -> None:
    if not config.body_template.strip():
        raise PermanentError("the letter has no text once its templates are filled in; let 'body_template' have some")
    message.set_content(config.body_template)
    if config.html_template is not None:
        message.add_alternative(config.html_template, subtype="html")
