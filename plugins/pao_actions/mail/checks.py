"""What can be wrong with a letter, seen before there is a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog_compiler.actions import ConfigFacts, ConfigProblem
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from catalog_compiler.templates import Template, TemplateSyntaxError, parse
from pao_actions.mail.addresses import AddressError, mail_address, shown
from pao_actions.mail.config import LONGEST_SUBJECT, MOST_RECIPIENTS
from pao_actions.message_checks import constant, sample_problem

_RAW = re.compile(r"<(script|style)\b", re.IGNORECASE)
_LINK_START = re.compile(r"\b(href|src|action|background)\s*=\s*[\"']\s*\Z", re.IGNORECASE)


def mail_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    """Problems of addresses, subject, text and HTML. What the config's model reports is not repeated here."""
    yield from _address_problems(config)
    yield from _subject_problems(config.get("subject_template"))
    body = constant(config.get("body_template"))
    if body and not body.strip():
        yield ConfigProblem(path=("body_template",), message="the text is empty", hint="write what the letter says")
    yield from _html_problems(config.get("html_template"), facts)


def _address_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    written = [(path, text) for key in ("to", "cc", "bcc") for path, text in _entries(key, config.get(key))]
    if len(written) > MOST_RECIPIENTS:
        yield ConfigProblem(
            path=("to",),
            message=f"the letter has {len(written)} recipients, and {MOST_RECIPIENTS} are the most",
            hint="write to a distribution list",
        )
    for path, text in [*written, (("reply_to",), config.get("reply_to"))]:
        address = constant(text)
        try:
            if address is not None:
                mail_address(address)
        except AddressError as error:
            hint = "write a list with one address an entry" if re.search("[,;]", address or "") else None
            yield ConfigProblem(
                path=path,
                message=f"{shown(address or '')} {error}",
                hint=hint or "write it as in team@example.com, without a name",
            )


def _entries(key: str, value: object) -> Iterator[tuple[Path, object]]:
    if isinstance(value, list):
        yield from (((key, position), entry) for position, entry in enumerate(value))
    elif value is not None:
        yield (key,), value


def _subject_problems(subject: object) -> Iterator[ConfigProblem]:
    if not isinstance(subject, str):
        return
    if subject and not subject.strip():
        yield ConfigProblem(path=("subject_template",), message="the subject is empty", hint="write what it is about")
    elif any(part in subject.strip() for part in "\r\n"):
        yield ConfigProblem(
            path=("subject_template",), message="the subject is one line", hint="take the line break out"
        )
    elif len(constant(subject) or "") > LONGEST_SUBJECT:
        yield ConfigProblem(
            path=("subject_template",), message=f"{LONGEST_SUBJECT} characters are the most", hint="shorten it"
        )


def _html_problems(html: object, facts: ConfigFacts) -> Iterator[ConfigProblem]:
    if not isinstance(html, str):
        return
    if raw := _RAW.search(html):
        yield ConfigProblem(
            path=("html_template",),
            message=f"'<{raw[1]}>' is not shown by mail programs, and values can't be written safely into it",
            hint='use attributes such as style="..."' if raw[1].lower() == "style" else "take it out",
        )
        return
    yield from sample_problem(html, Encoding.XML, ("html_template",))
    try:
        yield from _link_problems(parse(html), facts)
    except TemplateSyntaxError:
        return  # reported by the checks of templates


def _link_problems(template: Template, facts: ConfigFacts) -> Iterator[ConfigProblem]:
    before = ""
    for part in template.parts:
        if isinstance(part, str):
            before = part
            continue
        root, *rest = part.reference
        if (
            _LINK_START.search(before)
            and root == "fields"
            and facts.field_types.get(str(rest[0])) not in ("url", "selection")
        ):
            yield ConfigProblem(
                path=("html_template",),
                message=f"'{part.path}' decides where a link leads",
                hint="let it be a field of type url, or write the start of the address",
            )
        before = ""
