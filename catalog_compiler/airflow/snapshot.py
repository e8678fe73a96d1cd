"""What a commit's catalog comes to: each item at its last valid revision, and every problem.

Decided by git alone, so that every process that looks at a commit finds the same. An invalid file falls back to what it
last validly held, `.pao.yaml` like an item's; of two files with one id the one that had it first keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from posixpath import normpath

from pydantic import JsonValue

from catalog_compiler.airflow.compiled_files import CompiledFiles
from catalog_compiler.airflow.repository import Blob, Link, Repository
from catalog_compiler.catalog import CompiledCatalog, assemble
from catalog_compiler.catalog_files import SUFFIX, WRONG_SUFFIX, in_folder, link_problem
from catalog_compiler.catalog_settings import SETTINGS_FILE, CatalogSettings, ReadSettings, read_settings
from catalog_compiler.item import CompiledItem, compile_item
from catalog_compiler.plan import ItemPlan
from catalog_compiler.problems import Problem, errors
from catalog_compiler.reporters import problems_text
from catalog_compiler.since import changed_items

LOOK_BACK = 50
"""How many versions of an invalid file are tried, newest first, for a valid one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedItem:
    """An item as a commit publishes it. `commit` is the one that brought this revision."""

    plan: ItemPlan
    document: dict[str, JsonValue]
    file: str
    commit: str
    valid: bool
    """Whether the commit's own file is valid; where it is not, this is an earlier revision."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A commit's catalog."""

    commit: str
    items: Mapping[str, PublishedItem]
    broken: Mapping[str, str]
    """Files that are invalid and never held a valid item, with the report of each."""
    invalid: Mapping[str, str | None]
    """The commit's files that are invalid, with the id of each as far as it can be read."""
    settings_known: bool
    """Whether a valid `.pao.yaml`, or none at all, is in force; otherwise nobody can tell where items are."""
    problems: tuple[Problem, ...]
    settings: CatalogSettings


def take_snapshot(repository: Repository, commit: str, files: CompiledFiles | None = None) -> Snapshot:
    """Compile a commit; raises RepositoryError where git fails, and nothing for what a file holds.

    `files` are those of the commit that the caller looked at before: what is still the same is not compiled again.
    Where they have a limit to how long a call may take, UnfinishedError says to call again.
    """
    files = files or CompiledFiles()
    settings = _settings_file(repository, commit)
    in_force = read_settings(settings.in_force or b"")
    blobs = _item_files(repository, commit, in_force.settings.folder)
    compiled = _compiled(repository, commit, in_force, blobs, files)
    items = {item.plan.item_id: item for item in _published_items(compiled, commit)}
    fallbacks = _fallbacks(repository, commit, compiled)
    for fallback in fallbacks:
        items.setdefault(fallback.plan.item_id, fallback)
    of_items = (problem for problem in compiled.problems if problem.file != SETTINGS_FILE)
    of_versions = _version_problems(repository, commit, compiled, in_force.settings, blobs, files)
    return Snapshot(
        commit=commit,
        items=dict(sorted(items.items())),
        broken=_broken(compiled, {fallback.file for fallback in fallbacks}),
        invalid={item.file: item.item_id for item in compiled.items if item.plan is None},
        settings_known=settings.in_force is not None,
        problems=tuple(sorted((*settings.problems, *of_items, *of_versions), key=Problem.sort_key)),
        settings=compiled.settings,
    )


def _compiled(
    repository: Repository, commit: str, settings: ReadSettings, blobs: Iterable[Blob], files: CompiledFiles
) -> CompiledCatalog:
    items = [blob for blob in blobs if blob.path.endswith(SUFFIX)]
    return assemble(
        files.compile(repository, items, settings.settings.categories),
        settings,
        misnamed=[blob.path for blob in blobs if blob.path.endswith(WRONG_SUFFIX)],
        links=_links(repository, commit, settings.settings.folder),
    )


def _links(repository: Repository, commit: str, folder: str) -> list[str]:
    """Links that hide a part of the catalog: named like an item, to a folder, or out of the repository."""
    parents = [parent.as_posix() for parent in PurePosixPath(folder).parents if parent.name]
    above = [link for link in repository.links(commit, *parents) if link.path in parents] if parents else []
    return [
        link.path
        for link in (*above, *repository.links(commit, folder))
        if link.path.endswith((SUFFIX, WRONG_SUFFIX)) or _leads_to_folder(repository, commit, link)
    ]


def _leads_to_folder(repository: Repository, commit: str, link: Link) -> bool:
    target = normpath(PurePosixPath(link.path).parent / link.to)
    return target.startswith(("/", "..")) or repository.is_folder(commit, "" if target == "." else target)


def _version_problems(  # noqa: PLR0913, PLR0917 - a commit, with all that is known of it already
    repository: Repository, commit: str, compiled: CompiledCatalog, settings: CatalogSettings, blobs: Iterable[Blob],
    files: CompiledFiles,
) -> Iterable[Problem]:  # fmt: skip
    """Warnings for what the commit changed without a version that tells of it, compared with the commit before it."""
    parent = repository.parent(commit)
    if parent is None:
        return ()
    now = {blob.path: blob for blob in blobs}
    if repository.blobs(parent, SETTINGS_FILE) != repository.blobs(commit, SETTINGS_FILE):
        settings = _settings(repository, parent)
    before = {blob.path: blob for blob in _item_files(repository, parent, settings.folder)}
    changed = [
        item for item in compiled.items if item.plan is not None and _id_of(before, item.file) != now[item.file].id
    ]
    if not changed:
        return ()
    former = [blob for path, blob in before.items() if path.endswith(SUFFIX) and _id_of(now, path) != blob.id]
    old = files.compile_former(repository, former, settings.categories)
    return changed_items(
        changed,
        {item.item_id: item for item in old if item.plan is not None},
        lambda item: b"".join(repository.read([now[item.file]])),
    )


def _id_of(blobs: Mapping[str, Blob], path: str) -> str | None:
    blob = blobs.get(path)
    return blob.id if blob is not None else None


def removed_items(repository: Repository, snapshot: Snapshot) -> Iterable[PublishedItem]:
    """The items whose files were removed before the snapshot's commit, each at its last valid revision."""
    taken = set(snapshot.items)
    for path in repository.removed(snapshot.commit, snapshot.settings.folder):
        item = _last_valid(repository, snapshot.commit, path)
        if item is not None and item.plan.item_id not in taken:
            taken.add(item.plan.item_id)
            yield item


@dataclass(frozen=True, kw_only=True, slots=True)
class _SettingsFile:
    """A commit's `.pao.yaml`."""

    in_force: bytes | None
    """The newest content that is valid, from the commit backwards; None where the commit's own is not, and no other."""
    problems: tuple[Problem, ...]
    """Those of the commit's own."""


def _settings_file(repository: Repository, commit: str) -> _SettingsFile:
    content = _content(repository, commit, SETTINGS_FILE)
    problems = read_settings(content).problems
    if not content and repository.links(commit, SETTINGS_FILE):
        problems = (link_problem(SETTINGS_FILE),)
    if not errors(problems):
        return _SettingsFile(in_force=content, problems=problems)
    earlier = islice(repository.versions(commit, SETTINGS_FILE, removals=True), LOOK_BACK)
    valid = (content for _, content in earlier if not errors(read_settings(content).problems))
    return _SettingsFile(in_force=next(valid, None), problems=problems)


def _settings(repository: Repository, commit: str) -> CatalogSettings:
    return read_settings(_settings_file(repository, commit).in_force or b"").settings


def _item_files(repository: Repository, commit: str, folder: str) -> list[Blob]:
    """The files that the catalog looks at, in order; whatever else stands in its folder is not read."""
    found = [
        blob
        for blob in repository.blobs(commit, folder)
        if in_folder(blob.path, folder) and blob.path.endswith((SUFFIX, WRONG_SUFFIX))
    ]
    return sorted(found, key=lambda blob: blob.path)


def _content(repository: Repository, commit: str, path: str) -> bytes:
    """A file of a commit; empty where it is not there."""
    return b"".join(repository.read(repository.blobs(commit, path)[:1]))


def _published_items(compiled: CompiledCatalog, commit: str) -> Iterable[PublishedItem]:
    return (_published(item, commit, valid=True) for item in compiled.items if item.plan is not None)


def _published(item: CompiledItem, commit: str, *, valid: bool) -> PublishedItem:
    if item.plan is None or not isinstance(item.data, dict):
        raise ValueError(f"{item.file} is not valid, so there is nothing to publish")
    return PublishedItem(plan=item.plan, document=item.data, file=item.file, commit=commit, valid=valid)


def _broken(compiled: CompiledCatalog, saved: set[str]) -> dict[str, str]:
    return {
        item.file: problems_text(errors(item.problems))
        for item in compiled.items
        if item.plan is None and item.file not in saved
    }


def _fallbacks(repository: Repository, commit: str, compiled: CompiledCatalog) -> list[PublishedItem]:
    """What invalid files held before; where two held an id, the one that held it last comes first."""
    found = []
    for item in compiled.items:
        if item.plan is None:
            fallback = _last_valid(repository, commit, item.file, _rivals(item, compiled))
            if fallback is not None:
                found.append(fallback)
    found.sort(key=lambda item: repository.describe(item.commit).committed_at, reverse=True)
    return found


def _rivals(item: CompiledItem, compiled: CompiledCatalog) -> list[str]:
    """The other files with the item's id."""
    return [other.file for other in compiled.items if other.file != item.file and other.item_id == item.item_id]


def _last_valid(repository: Repository, commit: str, path: str, rivals: Collection[str] = ()) -> PublishedItem | None:
    """The newest version of a file that was valid in its own commit: under its categories, and alone with its id."""
    for older, content in islice(repository.versions(commit, path), LOOK_BACK):
        item = compile_item(content, path, _settings(repository, older).categories)
        if item.plan is not None and not any(_id_in(repository, older, file) == item.item_id for file in rivals):
            return _published(item, older, valid=False)
    return None


def _id_in(repository: Repository, commit: str, path: str) -> str | None:
    content = _content(repository, commit, path)
    return compile_item(content, path).item_id if content else None
