"""The measured catalog: a git repository of as many items as asked for, made from one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pao_local.git import git

ITEM = Path(__file__).parent / "item.yaml"
RECORDED = Path(__file__).parent / "items"
"""Items that call the recorder; they come on top."""
MEASURED = "bench"
"""The item that is ordered; the others make the catalog as large as a real one."""
CATEGORIES = ("compute", "databases", "messaging", "networking", "storage", "security", "monitoring", "other")


def make_repository(folder: Path, items: int) -> str:
    """Make a repository with `items` items, and those that call the recorder, in one commit; the commit's id."""
    for file, text in generated(items):
        _write(folder / file, text)
    for path in sorted(RECORDED.glob("*.yaml")):
        _write(folder / "catalog" / "other" / path.name, path.read_text(encoding="utf-8"))
    git("init", "--quiet", "--initial-branch=main", folder)
    git("-C", folder, "add", "--all")
    git("-C", folder, "commit", "--quiet", "--message", f"A catalog of {items} items")
    return git("-C", folder, "rev-parse", "HEAD")


def generated(items: int) -> Iterator[tuple[str, str]]:
    """The files of a catalog of so many items, each with its path in the repository; the measured one is the first."""
    text = ITEM.read_text(encoding="utf-8")
    yield f"catalog/other/{MEASURED}.yaml", text
    for number in range(1, items):
        category, name = CATEGORIES[number % len(CATEGORIES)], f"service-{number:03}"
        yield f"catalog/{category}/{name}.yaml", _as_another(text, name, category, number)


def _as_another(text: str, name: str, category: str, number: int) -> str:
    """The same service under another name; no two items have the same content."""
    changes = {
        "  id: bench\n": f"  id: {name}\n",
        "name: Measured service": f"name: Service {number}",
        "category: other": f"category: {category}",
        "owner: platform-bench": f"owner: platform-{category}",
        "Goes into every call.": f"Goes into every call of service {number}.",
    }
    for old, new in changes.items():
        text = text.replace(old, new, 1)
    return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
