"""One file through all stages: document, model, checks, revision, plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from catalog_compiler.document import Document, parse_document, value_at
from catalog_compiler.findings import Finding, locate
from catalog_compiler.model import Item, drop_free_keys
from catalog_compiler.model_problems import model_findings
from catalog_compiler.plan import ItemPlan
from catalog_compiler.planning import plan_item
from catalog_compiler.problems import Problem, errors
from catalog_compiler.revision import revision_of

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


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledItem:
    """What became of one catalog file; an item with errors has no revision and no plan."""

    file: str
    item_id: str | None
    """As far as it can be read, also where the file has errors."""
    data: JsonValue
    """The parsed document; None where there is none."""
    item: Item | None
    revision: str | None
    plan: ItemPlan | None
    problems: tuple[Problem, ...]


def compile_item(content: bytes, file: str, categories: Iterable[str] = DEFAULT_CATEGORIES) -> CompiledItem:
    """Compile one file; `categories` are those that the catalog knows. Nothing is raised for what the file holds."""
    parsed = parse_document(content, file)
    document = parsed.document
    problems = list(parsed.problems)
    item_id = _item_id(document)
    data = document.data if document is not None else None
    item = None
    if document is not None and document.complete:
        item, findings = _checked(data)
        problems.extend(locate(finding, document, item_id) for finding in findings)
    valid = item is not None and not errors(problems)
    revision = revision_of(data) if valid else None
    return CompiledItem(
        file=file,
        item_id=item_id,
        data=data,
        item=item,
        revision=revision,
        plan=plan_item(item, revision) if item is not None and revision is not None else None,
        problems=tuple(sorted(problems, key=Problem.sort_key)),
    )


def _checked(data: JsonValue) -> tuple[Item | None, list[Finding]]:
    cleaned = drop_free_keys(data)
    try:
        return Item.model_validate(cleaned), []
    except ValidationError as error:
        return None, list(model_findings(error.errors(include_url=False), cleaned))


def _item_id(document: Document | None) -> str | None:
    found = value_at(document.data, ("header", "id")) if document is not None else None
    return found if isinstance(found, str) else None
