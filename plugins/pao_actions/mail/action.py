"""The action type `email`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, JsonValue

from catalog_compiler.actions import ActionContext, ActionResult, ActionType, ConfigFacts, ConfigProblem, OnError
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from pao_actions.exceptions import ActionError, TemporaryError
from pao_actions.http_call import find_connection
from pao_actions.mail.checks import mail_problems
from pao_actions.mail.config import EmailConfig
from pao_actions.mail.delivery import Envelope, address_envelope, hand_in
from pao_actions.mail.letter import Letter, write_letter
from pao_actions.mail.server import MailServer, mail_server
from pao_actions.mail.session import UnreachableError, mail_session
from pao_actions.mail.token import access_token

_HANDING_IN: dict[str, JsonValue] = {"stage": "handing_in"}


class Email(ActionType[EmailConfig]):
    """Sends a letter. Until its content is handed in, a try can be begun anew; from then on it is not repeated."""

    name: ClassVar[str] = "email"
    summary: ClassVar[str] = "Sends an e-mail by a mail server."
    Config: ClassVar[type[BaseModel]] = EmailConfig
    on_error: ClassVar[OnError] = "continue"
    example: ClassVar[str] = """\
# An Airflow connection of type smtp; its extra names the sender as from_email.
connection: smtp_default
to: ["{{request.user.email}}", platform@example.com]
subject_template: "{{header.name}}: {{fields.name}} is there"
body_template: |
  Hello,

  {{fields.name}} was set up in {{fields.environment}}: {{request.url}}
"""
    outputs_help: ClassVar[Mapping[str, str]] = {
        "message_id": "The letter's `Message-ID`, the same for every try.",
        "accepted": "List of the addresses in `to` and `cc` that the server took the letter for.",
        "refused": "List of those that it refused; a refusal of some is no failure, and a warning in the log.",
    }
    notes: ClassVar[str] = """\
**Connection**: type `smtp`, read as Airflow's own SMTP provider does. Host and port; login and password, if the server
asks for them. TLS from the start (port 465); with `disable_ssl` in the extra STARTTLS (port 587); with `disable_tls`,
too, neither (port 25). `from_email` is the sender: an item can't choose another. `auth_type: oauth2` signs in by
XOAUTH2 with `access_token`, or with a token for `client_id` and `client_secret` (`tenant_id`, `scope` and `token_url`
lead elsewhere than to Microsoft 365). `verify` names a file of authorities; `ssl_context: none` accepts any
certificate.

**Addresses** are plain, without names; one that a value makes invalid fails the action before anything is sent. The
host stands in a connection, which the operator made, so it may be private; addresses where clouds tell machines their
credentials are refused all the same.

**Once**: a refusal for now (4xx) and a session that breaks before the content are tried again; once the content is
handed in, a missing answer is not, and ends as `outcome_unknown`. Success means that the server has taken the letter,
not that it was read.
"""

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:  # noqa: ARG003 - the place says it
        """One line, text or markup; addresses keep their type, since one reference may give a list."""
        match path:
            case ("subject_template",):
                return Encoding.LINE
            case ("body_template",):
                return Encoding.TEXT
            case ("html_template",):
                return Encoding.XML
        return Encoding.VALUE

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG003 - the same for every config
        """What is known of the letter."""
        return frozenset(cls.outputs_help)

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:
        """Problems of addresses, subject, text and HTML."""
        return mail_problems(config, facts)

    @classmethod
    def resumes(cls, state: Mapping[str, JsonValue]) -> bool:
        """Unless the content may be with the server, and its answer is not known."""
        return state != _HANDING_IN

    async def run(self, config: EmailConfig, context: ActionContext) -> ActionResult:
        """Send it once."""
        state = await context.state.load()
        if "message_id" in state:
            return ActionResult(outputs=state)
        server = mail_server(await find_connection(config.connection, context))
        letter = write_letter(config, server, context)
        envelope = await _send(letter, server, config.timeout, context)
        sent: dict[str, JsonValue] = {
            "message_id": letter.message_id,
            "accepted": [address for address in envelope.accepted if address not in letter.hidden],
            "refused": [address for address in envelope.refused if address not in letter.hidden],
        }
        await context.state.save(sent)
        context.log.info("message_sent", server=server.target, **sent)
        return ActionResult(outputs=sent)


async def _send(letter: Letter, server: MailServer, seconds: float, context: ActionContext) -> Envelope:
    handing_in = False
    token = await access_token(server, context) if server.oauth else None
    async with context.gate.call(server.target) as passage:
        try:
            async with asyncio.timeout(seconds), mail_session(server, token, context) as client:
                envelope = await address_envelope(client, letter, server, context)
                await context.state.save(_HANDING_IN)
                handing_in = True
                await hand_in(client, letter, server)
        except UnreachableError:
            passage.ill()
            raise
        except ActionError:
            if handing_in:
                # The server has said that it does not have the letter.
                await context.state.save({})
            raise
        except TimeoutError as error:
            passage.ill()
            raise TemporaryError(
                f"mail server {server.target} did not take the letter within {seconds:g} seconds",
                arrived=handing_in,
                answered=not handing_in,
            ) from error
        except asyncio.CancelledError:
            # The attempt's own time is over, and the server used it up.
            if context.overdue():
                passage.ill()
            raise
    return envelope
