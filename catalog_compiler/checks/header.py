"""Checks of the header: version, category, tags and promised times."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from catalog_compiler.findings import Finding, did_you_mean
from catalog_compiler.semantic_version import SemanticVersion
from catalog_compiler.sentences import shown

if TYPE_CHECKING:
    from catalog_compiler.model import Header

_PEOPLE_DURATION = re.compile(r"[1-9]\d{0,5} (second|minute|hour|day|week|month)s?", re.ASCII)
_ISO_DURATION = re.compile(r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)", re.ASCII)


def check_header(header: Header, categories: Collection[str]) -> Iterator[Finding]:
    """What is wrong with the header; `categories` are those that the catalog knows."""
    if SemanticVersion.parse(header.version) is None:
        yield Finding(
            path=("header", "version"),
            code="invalid-value",
            message=f"{shown(header.version)} is not a semantic version",
            hint="write three numbers, for example 1.0.0 (semver.org)",
        )
    if header.category not in categories:
        yield Finding(
            path=("header", "category"),
            code="invalid-value",
            message=f"{shown(header.category)} is not a category of this catalog",
            hint=did_you_mean(header.category, categories),
        )
    seen: set[str] = set()
    for position, tag in enumerate(header.tags):
        if tag in seen:
            yield Finding(
                path=("header", "tags", position),
                code="invalid-value",
                message=f"the tag {shown(tag)} is there twice; remove one",
            )
        seen.add(tag)
    time = header.sla.provisioning_time if header.sla else None
    if time is not None and not (_PEOPLE_DURATION.fullmatch(time) or _ISO_DURATION.fullmatch(time)):
        yield Finding(
            path=("header", "sla", "provisioning_time"),
            code="invalid-value",
            message=f"{shown(time)} is not a duration",
            hint="write for example 30 minutes, 4 hours, 2 days, or ISO 8601 such as PT4H",
        )
