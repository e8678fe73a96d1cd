"""Hands a letter in: sender, recipients, content. After the content nothing is known but what the server says."""

from __future__ import annotations

from dataclasses import dataclass

import aiosmtplib

from catalog_compiler.actions import ActionContext
from pao_actions.exceptions import ActionError, PermanentError, TemporaryError
from pao_actions.mail.letter import Letter
from pao_actions.mail.server import MailServer
from pao_actions.mail.session import UnreachableError, reply

_FIRST_PERMANENT = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """Who the server takes the letter for."""

    accepted: tuple[str, ...]
    refused: tuple[str, ...] = ()


async def address_envelope(
    client: aiosmtplib.SMTP, letter: Letter, server: MailServer, context: ActionContext
) -> Envelope:
    """Name sender and recipients; at least one is accepted.

    Raises:
        TemporaryError: if the server takes nothing for now.
        PermanentError: if it takes nothing.
    """
    name = f"mail server {server.target}"
    _check_size(client, letter, name)
    refused: dict[str, aiosmtplib.SMTPRecipientRefused] = {}
    try:
        await client.mail(server.sender)
        for address in letter.recipients:
            try:
                await client.rcpt(address)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused[address] = error
    except aiosmtplib.SMTPSenderRefused as error:
        raise _refusal(error, f"{name} refuses the sender {server.sender}") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise UnreachableError(f"{name} broke off the session before the letter", arrived=False) from error
    accepted = tuple(address for address in letter.recipients if address not in refused)
    if not accepted:
        raise _nobody(letter, refused, name)
    for address, refusal in refused.items():
        context.log.warning("recipient_refused", address=letter.name(address), answer=_said(letter, address, refusal))
    return Envelope(accepted=accepted, refused=tuple(refused))


async def hand_in(client: aiosmtplib.SMTP, letter: Letter, server: MailServer) -> None:
    """Hand in the content.

    Raises:
        TemporaryError: not arrived, if the server wants it later; arrived and not answered, if its answer is missing.
        PermanentError: if it refuses the letter.
    """
    name = f"mail server {server.target}"
    try:
        await client.data(letter.content)
    except aiosmtplib.SMTPDataError as error:
        raise _refusal(error, f"{name} refuses the letter") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise UnreachableError(
            f"{name} broke off before it said whether it has the letter", arrived=True, answered=False
        ) from error


def _check_size(client: aiosmtplib.SMTP, letter: Letter, name: str) -> None:
    limit = client.esmtp_extensions.get("size", "").strip()
    if limit.isdigit() and 0 < int(limit) < len(letter.content):
        raise PermanentError(
            f"the letter has {len(letter.content)} bytes, and {name} takes {limit}; shorten values with the filter "
            "'truncate'"
        )


def _nobody(letter: Letter, refused: dict[str, aiosmtplib.SMTPRecipientRefused], name: str) -> ActionError:
    said = "; ".join(f"{letter.name(address)}: {_said(letter, address, error)}" for address, error in refused.items())
    if any(error.code < _FIRST_PERMANENT for error in refused.values()):
        return TemporaryError(f"{name} takes the letter for nobody for now: {said}", arrived=False)
    return PermanentError(f"{name} takes the letter for nobody: {said}; correct 'to', 'cc' and 'bcc'")


def _said(letter: Letter, address: str, error: aiosmtplib.SMTPRecipientRefused) -> str:
    """What the server said of a recipient; of a hidden one its code alone, since servers repeat addresses."""
    return str(error.code) if address in letter.hidden else reply(error)


def _refusal(error: aiosmtplib.SMTPResponseException, what: str) -> ActionError:
    if error.code < _FIRST_PERMANENT:
        return TemporaryError(f"{what} for now: {reply(error)}", arrived=False)
    return PermanentError(f"{what}: {reply(error)}")
