"""What counts as an e-mail address: one that mail servers take as it is, and that can't hold a second one."""

from __future__ import annotations

import re

import idna

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_LONGEST_LOCAL = 64
_LONGEST = 254
_SHOWN = 60


class AddressError(ValueError):
    """A text is no address that mail can be sent to; the message says why, in words that follow the text."""


def mail_address(text: str) -> str:
    """The address as servers take it, with an international domain in its ASCII form; raises AddressError."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or not domain:
        raise AddressError("is no e-mail address")
    if not local.isascii():
        raise AddressError("has letters before its '@' that few mail servers take")
    if not _LOCAL.fullmatch(local) or len(local) > _LONGEST_LOCAL:
        raise AddressError("is no e-mail address")
    address = f"{local}@{_ascii_domain(domain)}"
    if len(address) > _LONGEST:
        raise AddressError("is longer than an e-mail address can be")
    return address


def shown(text: str) -> str:
    """A text for a message: in quotes, on one line, and not too long."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return f"'{line if len(line) <= _SHOWN else line[:_SHOWN] + '…'}'"


def _ascii_domain(domain: str) -> str:
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise AddressError("has a domain that can't exist") from error
    if not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
        raise AddressError("has a domain that can't exist")
    return ascii_domain
