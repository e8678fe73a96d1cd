"""The front page keeps what it promises: its item is valid, its tables are complete, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog_compiler.catalog import compile_catalog
from catalog_compiler.setting_lists import NamedLimits
from catalog_compiler.settings import PaoSettings

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/operations.md", "docs/queue.md")
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_the_item_of_the_front_page_is_valid():
    """As it stands there, without a warning."""
    (item,) = blocks("yaml")

    assert () == compile_catalog([("catalog/messaging/work-queue.yaml", item.encode())]).problems


def test_every_setting_is_documented_as_it_is():
    """Its name, its default, and the sentence that describes it."""
    rows = [line for line in README.splitlines() if line.startswith("| `") and "`make " not in line]

    assert [documented(name) for name in PaoSettings.model_fields] == rows


def documented(name: str) -> str:
    """The row of a setting."""
    field = PaoSettings.model_fields[name]
    unset = field.default in (None, (), {}, NamedLimits())
    default = "required" if field.is_required() else "none" if unset else f"`{field.default}`"
    return f"| `{name}` | {default} | {field.description} |"


def test_every_make_target_is_documented():
    """In the order of `make help`."""
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert targets == re.findall(r"^\| `make ([a-z]+)` \|", README, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_that_are_there(page):
    """Relative to the page; what is on other hosts is theirs."""
    path = ROOT / page
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text())

    assert [] == [link for link in links if "://" not in link and not (path.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page):
    """What stands in backquotes and looks like a path from the root is one."""
    named = re.findall(r"`((?:api_plugin|catalog_compiler|plugins|dags|examples|scripts|tests|docs)/[^`\s*<>]*)`",
                       (ROOT / page).read_text())  # fmt: skip

    assert [] == [name for name in named if not (ROOT / name).exists()]
