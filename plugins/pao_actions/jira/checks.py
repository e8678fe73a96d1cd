"""What can be wrong with a ticket's config, seen before there is a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog_compiler.actions import ConfigFacts, ConfigProblem
from catalog_compiler.templates import has_template

LONGEST_SUMMARY = 255
LONGEST_LABEL = 255

_TICKET_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")
_PROJECT_KEY = re.compile(r"[A-Z][A-Z0-9_]+")
_OWN_KEYS = {
    "project": "project",
    "issuetype": "issue_type",
    "summary": "summary_template",
    "description": "description_template",
    **{name: name for name in ("assignee", "labels", "components", "priority", "parent")},
}
"""Jira's own fields, by their names' letters, to the keys that set them."""
_OF_ROLLBACKS = ("key", "transition", "comment_template")
_OF_WAITING = ("done_statuses", "failed_statuses", "timeout")
_OF_TICKETS = (
    "description_template",
    "assignee",
    "labels",
    "components",
    "priority",
    "parent",
    "link_to",
    "custom_fields",
    "wait",
    *_OF_WAITING,
)


def field_letters(name: str) -> str:
    """Letters and digits alone, by which names of fields are compared: `business_justification`."""
    return re.sub(r"[\W_]+", "", name).casefold()


def summary_problem(text: str) -> str | None:
    """What is wrong with a summary, or None."""
    if not text.strip():
        return "the summary is empty, and Jira needs one"
    if len(text.splitlines()) > 1:
        return "the summary has a line break, and it is one line"
    if len(text.strip()) > LONGEST_SUMMARY:
        return (
            f"the summary has {len(text.strip())} characters, and Jira takes {LONGEST_SUMMARY}; shorten it, for "
            "example with the template filter truncate"
        )
    return None


def label_problem(text: str) -> str | None:
    """What is wrong with a label, or None."""
    if any(character.isspace() for character in text):
        return f"the label {text!r} has a space, which Jira does not allow; the template filter slug makes it a hyphen"
    if len(text) > LONGEST_LABEL:
        return f"the label '{text[:40]}...' has {len(text)} characters, and Jira takes {LONGEST_LABEL}"
    return None


def key_problem(text: str) -> str | None:
    """What is wrong with the key of a ticket, or None."""
    if _TICKET_KEY.fullmatch(text):
        return None
    return f"{text!r} is not the key of a ticket; one looks like PLATFORM-12"


def ticket_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    """All problems of a config; what its model reports is not repeated here."""
    closing = facts.undoing and "key" in config
    if closing:
        yield from _without_meaning(config, _OF_TICKETS, "which closes a ticket; a new ticket has no 'key'")
    else:
        yield from _stray_rollback_keys(config, facts)
        yield from _text_problems(config)
        yield from _field_problems(config.get("custom_fields"))
        yield from _waiting_problems(config, facts)
    for name in ("key", "parent"):
        yield from _key_problems((name,), config.get(name))
    yield from _link_problems(config.get("link_to"))


def _stray_rollback_keys(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    given = [name for name in _OF_ROLLBACKS if name in config]
    if not given:
        return
    hint = "name the ticket by 'key'" if facts.undoing else "write it below 'rollback', in its 'config'"
    for name in given:
        yield ConfigProblem(
            path=(name,), message=f"'{name}' is for the rollback that closes a ticket, and this makes one", hint=hint
        )


def _without_meaning(config: Mapping[str, Any], names: tuple[str, ...], why: str) -> Iterator[ConfigProblem]:
    for name in names:
        if name in config:
            yield ConfigProblem(
                path=(name,), message=f"'{name}' has no meaning in this rollback, {why}", hint="take it out"
            )


def _text_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    if (summary := _constant(config.get("summary_template"))) is not None and (problem := summary_problem(summary)):
        yield ConfigProblem(path=("summary_template",), message=problem)
    project = _constant(config.get("project"))
    if project is not None and not _PROJECT_KEY.fullmatch(project):
        yield ConfigProblem(
            path=("project",),
            message=f"{project!r} is not the key of a project",
            hint="it is what stands before the number in its tickets' keys, in capital letters, such as PLATFORM",
        )
    labels = config.get("labels")
    for place, label in enumerate(labels if isinstance(labels, list | tuple) else [labels]):
        path = ("labels", place) if isinstance(labels, list | tuple) else ("labels",)
        if (text := _constant(label)) is not None and (problem := label_problem(text)):
            yield ConfigProblem(path=path, message=problem)


def _field_problems(fields: object) -> Iterator[ConfigProblem]:
    seen: dict[str, str] = {}
    for name in fields if isinstance(fields, Mapping) else ():
        letters = field_letters(str(name))
        if own := _OWN_KEYS.get(letters):
            yield ConfigProblem(
                path=("custom_fields", name),
                message=f"the field '{name}' is set by '{own}', not among 'custom_fields'",
                hint="write it there",
            )
        if letters in seen:
            yield ConfigProblem(
                path=("custom_fields", name), message=f"'{name}' and '{seen[letters]}' may be one field; drop one"
            )
        seen[letters] = str(name)


def _waiting_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    wait = config.get("wait")
    waits = facts.mode == "manual" and not facts.undoing if wait is None else wait
    for name in _OF_WAITING:
        if name in config and not waits:
            yield ConfigProblem(
                path=(name,),
                message=f"'{name}' has no meaning without waiting",
                hint="add 'wait: true', or take it out",
            )
    done = {str(status).casefold() for status in config.get("done_statuses") or ()}
    for place, status in enumerate(config.get("failed_statuses") or ()):
        if str(status).casefold() in done:
            yield ConfigProblem(
                path=("failed_statuses", place), message=f"'{status}' can't mean both success and failure"
            )


def _key_problems(path: tuple[str | int, ...], value: object) -> Iterator[ConfigProblem]:
    if (text := _constant(value)) and (problem := key_problem(text)):
        yield ConfigProblem(path=path, message=problem)


def _link_problems(links: object) -> Iterator[ConfigProblem]:
    listed = isinstance(links, list | tuple)
    for place, link in enumerate(links if isinstance(links, list | tuple) else [links]):
        path: tuple[str | int, ...] = ("link_to", place) if listed else ("link_to",)
        if isinstance(link, Mapping):
            yield from _key_problems((*path, "key"), link.get("key"))
        else:
            yield from _key_problems(path, link)


def _constant(value: object) -> str | None:
    """The text, where it is one without templates."""
    return value if isinstance(value, str) and not has_template(value) else None
