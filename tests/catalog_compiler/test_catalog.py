"""Catalogs: all files together, and the files under `tests/catalog`, each a test by being there."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_compiler.actions import action_types
from catalog_compiler.catalog import CompiledCatalog, compile_catalog, read_catalog
from catalog_compiler.catalog_files import read_part
from catalog_compiler.reporters import render
from tests.catalog_compiler.broken import BARE, broken_catalogs

CATALOG = Path(__file__).parents[1] / "catalog"
MINIMAL = (CATALOG / "valid" / "minimal.yaml").read_text()


def catalog(**files: str) -> CompiledCatalog:
    """The catalog of these files under `catalog/`."""
    return compile_catalog((f"catalog/{name}.yaml", text.encode()) for name, text in files.items())


def found(compiled: CompiledCatalog) -> list[tuple[str, str, int]]:
    return [(problem.file, problem.code, problem.line) for problem in compiled.problems]


@pytest.mark.parametrize("path", sorted((CATALOG / "valid").iterdir()), ids=lambda path: path.stem)
def test_valid_files_are_valid(path):
    """Nothing is reported for them, not even a warning."""
    compiled = compile_catalog([BARE, (path.name, path.read_bytes())])

    assert "valid: 1 item, 0 errors, 0 warnings" == render(compiled, "text")


@pytest.mark.parametrize("broken", broken_catalogs(), ids=lambda broken: broken.name)
@pytest.mark.parametrize(("suffix", "form"), [(".txt", "text"), (".json", "json")])
def test_broken_files_have_exactly_the_report_beside_them(broken, suffix, form):
    """They are named after the code that they show; places, pointers, sentences and hints are part of the contract."""
    compiled = broken.compiled()

    report = broken.report.with_name(broken.report.name + suffix).read_text()
    assert report.replace("<all types>", ", ".join(action_types())) == render(compiled, form) + "\n"
    assert broken.code in {problem.code for problem in compiled.problems}


def test_two_files_with_one_id_are_both_reported_and_neither_is_served():
    """Nobody's item wins by the order of files; each error names the other file."""
    compiled = catalog(a=MINIMAL, b=MINIMAL, c=MINIMAL.replace("gpu-hours", "other"))

    assert [("catalog/a.yaml", "duplicate-id", 2), ("catalog/b.yaml", "duplicate-id", 2)] == found(compiled)
    assert "catalog/b.yaml" in compiled.problems[0].message
    assert [False, False, True] == [item.plan is not None for item in compiled.items]


def test_an_id_of_a_broken_file_still_collides():
    """As long as the id can be read, the other file must not take its place."""
    compiled = catalog(a=MINIMAL, b=MINIMAL.replace("order: 1", "order: x", 1))

    assert ["duplicate-id", "duplicate-id", "wrong-type"] == [code for _, code, _ in found(compiled)]


def test_only_files_in_the_folder_of_items_count():
    """Workflows, hidden files and everything beside the folder are none of the catalog's."""
    compiled = compile_catalog(
        [
            ("catalog/deep/er/a.yaml", MINIMAL.encode()),
            ("catalog/.hidden/b.yaml", b"no: item"),
            (".github/workflows/c.yaml", b"on: push"),
            ("catalogue/d.yaml", b"no: item"),
            ("catalog/README.md", b"# Items"),
        ]
    )

    assert ["catalog/deep/er/a.yaml"] == [item.file for item in compiled.items]
    assert () == compiled.problems


def test_the_other_extension_is_an_error_with_the_right_name():
    """A `.yml` is not served, whatever is in it."""
    compiled = compile_catalog([("catalog/a.yml", MINIMAL.encode())])

    assert [("catalog/a.yml", "file-extension", 1)] == found(compiled)
    assert "rename it to 'catalog/a.yaml'" == compiled.problems[0].hint


def test_settings_choose_folder_and_categories():
    """`.pao.yaml` replaces the format's own folder and categories."""
    settings = b"folder: services\ncategories: [gpus]\nowners: {platform-compute: {contact: '#compute'}}\n"
    item = MINIMAL.replace("category: compute", "category: gpus")

    compiled = compile_catalog([(".pao.yaml", settings), ("services/a.yaml", item.encode())])

    assert () == compiled.problems
    assert "gpu-hours" == compiled.items[0].item_id


@pytest.mark.parametrize(
    ("settings", "code", "line"),
    [
        ("categories: [gpus, items]", "invalid-value", 1),
        ("categories: []", "invalid-value", 1),
        ("folder: ../other", "invalid-value", 1),
        ("\ncategorys: [a]", "unknown-key", 2),
        ("owners: {a: {mail: x}}", "unknown-key", 1),
        ("categories: gpus", "wrong-type", 1),
        ("a: b: c", "yaml-syntax", 1),
    ],
)
def test_wrong_settings_are_reported_and_items_are_still_checked(settings, code, line):
    """A mistake in `.pao.yaml` must not hide those of items."""
    files = [(".pao.yaml", settings.encode()), ("catalog/a.yaml", MINIMAL.replace("order: 1", "order: x", 1).encode())]

    assert (".pao.yaml", code, line) == found(compile_catalog(files))[0]


def test_a_folder_is_read_in_order(tmp_path):
    """Paths count from the root; only files of the catalog are read."""
    (tmp_path / "catalog" / "b").mkdir(parents=True)
    (tmp_path / "catalog" / "b" / "item.yaml").write_text(MINIMAL)
    (tmp_path / "catalog" / "a.yml").write_text(MINIMAL)
    (tmp_path / "catalog" / "notes.txt").write_text("not an item")
    (tmp_path / ".pao.yaml").write_text("categories: [compute]\n")

    files = read_catalog(tmp_path)

    assert [".pao.yaml", "catalog/a.yml", "catalog/b/item.yaml"] == list(files.contents)
    assert () == files.links


def test_links_are_reported_and_never_followed(tmp_path):
    """Git keeps only where a link leads, so what it leads to would never be served."""
    root = tmp_path / "repository"
    (root / "catalog" / "b").mkdir(parents=True)
    (root / "catalog" / "b" / "item.yaml").write_text(MINIMAL)
    (root / "catalog" / "inside.yaml").symlink_to("b/item.yaml")
    (root / "catalog" / "nowhere.yml").symlink_to("gone")
    (root / "catalog" / "notes.md").symlink_to(tmp_path / "notes.md")
    (root / "catalog" / "folder").symlink_to(tmp_path, target_is_directory=True)
    (root / ".pao.yaml").symlink_to("catalog/b/item.yaml")
    files = read_catalog(root)

    compiled = compile_catalog(files.contents.items(), files.links)

    assert ["catalog/b/item.yaml"] == list(files.contents)
    assert [".pao.yaml", "catalog/folder", "catalog/inside.yaml", "catalog/nowhere.yml"] == [
        problem.file for problem in compiled.problems
    ]
    assert "'.pao.yaml' is a link, and links are not followed; put the file itself there" == (
        compiled.problems[0].message
    )
    assert ["gpu-hours"] == [item.item_id for item in compiled.items]


def test_a_linked_folder_of_items_is_reported(tmp_path):
    """An empty catalog would be a riddle."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "item.yaml").write_text(MINIMAL)
    (tmp_path / "catalog").symlink_to("services")
    files = read_catalog(tmp_path)

    assert ["catalog"] == [problem.file for problem in compile_catalog(files.contents.items(), files.links).problems]


def test_links_beside_the_catalog_are_none_of_its_business():
    """Whoever lists the links of a repository need not sort them."""
    assert () == compile_catalog([], ["docs/a.yaml", "catalog/.hidden/b.yaml", "catalogue"]).problems


def test_a_named_link_is_reported_where_it_stands(tmp_path):
    """Whoever validates one file hears the same of it."""
    (tmp_path / "catalog").mkdir()
    (tmp_path / "item.yaml").write_text(MINIMAL)
    (tmp_path / "catalog" / "item.yaml").symlink_to("../item.yaml")
    files = read_part(tmp_path / "catalog" / "item.yaml")

    assert ("catalog/item.yaml",) == files.links
