"""What the catalog repository says about itself in `.pao.yaml`: the folder of items and the categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from catalog_compiler.document import parse_document, value_at
from catalog_compiler.findings import Finding, as_many_as_help, did_you_mean, locate
from catalog_compiler.item import DEFAULT_CATEGORIES
from catalog_compiler.model import Entered, Entries, FormatModel, Text, drop_free_keys
from catalog_compiler.model_problems import by_place, known_keys
from catalog_compiler.problems import Path, Problem
from catalog_compiler.sentences import is_kind_error, label, shown, wrong_kind, wrong_value

SETTINGS_FILE = ".pao.yaml"
_RESERVED = frozenset({"items", "validation", "commits", "refresh", "webhooks"})
"""Names that the API uses beside the categories."""


class Owner(FormatModel):
    """How to reach a team: `contact` for people, `jira_account` to assign its tickets to."""

    contact: Text | None = None
    jira_account: Text | None = None


class CatalogSettings(FormatModel):
    """The content of `.pao.yaml`; what is absent has the format's default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    folder: Text = "catalog"
    categories: Annotated[Entries[Text], Field(min_length=1)] = DEFAULT_CATEGORIES
    owners: Entered[Owner] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadSettings:
    """The settings, with the format's defaults where the file is wrong, and what is wrong."""

    settings: CatalogSettings
    problems: tuple[Problem, ...] = ()


def read_settings(content: bytes, file: str = SETTINGS_FILE) -> ReadSettings:
    """Read the bytes of a `.pao.yaml`; what is wrong with it is returned, never raised."""
    parsed = parse_document(content, file)
    if parsed.document is None or not parsed.document.complete:
        return ReadSettings(settings=CatalogSettings(), problems=parsed.problems)
    document = parsed.document
    cleaned = drop_free_keys(document.data if document.data is not None else {})
    try:
        settings = CatalogSettings.model_validate(cleaned)
    except ValidationError as error:
        places = by_place(error.errors(include_url=False), cleaned)
        findings = [*as_many_as_help(_finding(path, found, cleaned) for path, found in places.items())]
        settings = CatalogSettings()
    else:
        findings = _rules(settings)
        if any(finding.path == ("folder",) for finding in findings):
            settings = settings.model_copy(update={"folder": CatalogSettings().folder})
    problems = (*parsed.problems, *(locate(finding, document) for finding in findings))
    return ReadSettings(settings=settings, problems=problems)


def _finding(path: Path, found: list[Any], data: Any) -> Finding:
    error, value = found[0], value_at(data, path)
    if error["type"] == "extra_forbidden":
        keys = known_keys(CatalogSettings if len(path) == 1 else Owner)
        message = f"{label(path)} is not a key of the catalog's settings"
        return Finding(
            path=path, code="unknown-key", message=message, hint=did_you_mean(str(path[-1]), keys), at_key=True
        )
    if is_kind_error(error):
        return Finding(path=path, code="wrong-type", message=wrong_kind(path, found, value))
    return Finding(path=path, code="invalid-value", message=wrong_value(path, error, value))


def _rules(settings: CatalogSettings) -> list[Finding]:
    findings = [
        Finding(
            path=("categories", position),
            code="invalid-value",
            message=f"no category may be called {shown(category)}, which the API uses itself; choose another name",
        )
        for position, category in enumerate(settings.categories)
        if category in _RESERVED
    ]
    if settings.folder.startswith("/") or ".." in settings.folder.split("/"):
        message = f"the folder {shown(settings.folder)} leads out of the repository; write a path inside it"
        findings.append(Finding(path=("folder",), code="invalid-value", message=message))
    return findings
