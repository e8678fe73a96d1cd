"""One file through all stages: document, model, checks, revision, plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pydantic import JsonValue, ValidationError

from catalog_compiler.checks import check_item
from catalog_compiler.document import Document, Place, parse_document, value_at, with_values
from catalog_compiler.findings import Finding, as_many_as_help, locate
from catalog_compiler.model import Item, drop_free_keys
from catalog_compiler.model_problems import model_findings
from catalog_compiler.plan import ItemPlan
from catalog_compiler.planning import plan_item
from catalog_compiler.problems import Path, Problem, errors
from catalog_compiler.revision import revision_of
from catalog_compiler.salvage import follows, salvage

DEFAULT_CATEGORIES = (
    "compute",
    "databases",
    "messaging",
    "networking",
    "storage",
    "security",
    "monitoring",
    "other",
)

_TEXT_ROUNDS = 3
"""Texts of the format, of fields and of configs come to light one after the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledItem:
    """What became of one catalog file; an item with errors has no revision and no plan."""

    file: str
    item_id: str | None
    """As far as it can be read, also where the file has errors."""
    id_place: Place
    """Where the id stands, for problems that only show beside other files."""
    data: JsonValue
    """The parsed document; None where there is none."""
    item: Item | None
    revision: str | None
    plan: ItemPlan | None
    problems: tuple[Problem, ...]


def compile_item(content: bytes, file: str, categories: Collection[str] = DEFAULT_CATEGORIES) -> CompiledItem:
    """Compile one file; `categories` are those that the catalog knows. Nothing is raised for what the file holds."""
    parsed = parse_document(content, file)
    document = parsed.document
    problems = list(parsed.problems)
    data = document.data if document is not None else None
    item = None
    if document is not None and (document.complete or document.holes):
        data, item, findings = _checked(document, categories)
        problems.extend(locate(finding, document) for finding in findings)
    item_id = _item_id(data)
    revision = revision_of(data) if item is not None and not errors(problems) else None
    return CompiledItem(
        file=file,
        item_id=item_id,
        id_place=document.place(("header", "id")) if document is not None else Place(1, 1),
        data=data,
        item=item,
        revision=revision,
        plan=plan_item(item, revision) if item is not None and revision is not None else None,
        problems=tuple(replace(problem, item_id=item_id) for problem in sorted(problems, key=Problem.sort_key)),
    )


def _checked(document: Document, categories: Collection[str]) -> tuple[JsonValue, Item | None, list[Finding]]:
    """Check a document, with numbers taken as they are written where text is expected; none is served with holes."""
    data: JsonValue = document.data if document.data is not None else {}
    warnings: list[Finding] = []
    item, findings = _findings(data, categories, document.holes)
    for _ in range(_TEXT_ROUNDS):
        texts = {finding.path: document.written(finding.path) for finding in findings if finding.wants_text}
        if not texts:
            break
        data = with_values(data, texts)
        warnings.extend(_ambiguous(path, text) for path, text in texts.items())
        item, findings = _findings(data, categories, document.holes)
    told = [found for found in findings if not _is_written(found, document)]
    return data, item, [*warnings, *told]


def _findings(
    data: JsonValue, categories: Collection[str], holes: Collection[Path]
) -> tuple[Item | None, list[Finding]]:
    """The item, where nothing is missing of it, and what is wrong with what there is."""
    cleaned = drop_free_keys(data)
    found: list[Finding] = []
    try:
        item = Item.model_validate(cleaned)
    except ValidationError as error:
        found.extend(model_findings(error.errors(include_url=False), cleaned))
    else:
        if not holes:
            return item, list(as_many_as_help(check_item(item, categories)))
    holes = frozenset(holes)
    salvaged = salvage(cleaned, found, holes)
    told = [finding for finding in found if not follows(finding, holes)]
    if salvaged is not None:
        told.extend(as_many_as_help(filter(salvaged.tells, check_item(salvaged.item, categories))))
    return None, told


def _is_written(finding: Finding, document: Document) -> bool:
    """Whether the finding does not count because the file writes the value as it should."""
    return finding.unless_written is not None and finding.unless_written == document.written(finding.path)


def _ambiguous(path: Path, text: str | None) -> Finding:
    return Finding(
        path=path,
        code="ambiguous-text",
        message=f"{text} without quotes is a number, and text is expected here; it is taken as '{text}'",
        hint=f'write "{text}"',
    )


def _item_id(data: JsonValue) -> str | None:
    found = value_at(data, ("header", "id"))
    return found if isinstance(found, str) else None
