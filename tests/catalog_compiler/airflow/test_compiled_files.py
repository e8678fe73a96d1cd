"""A commit is compiled as far as it differs from the one before; the result is that of compiling it whole."""

from __future__ import annotations

from contextlib import suppress

import pytest

from catalog_compiler.airflow.access import Access
from catalog_compiler.airflow.compiled_files import CompiledFiles, UnfinishedError
from catalog_compiler.airflow.repository import Repository
from catalog_compiler.airflow.snapshot import take_snapshot
from catalog_compiler.catalog_settings import SETTINGS_FILE
from tests.items import item_file


class Counting(Repository):
    """Tells which files each reading was of."""

    def read(self, blobs, **more):
        blobs = list(blobs)
        self.readings.append([blob.path for blob in blobs])
        return super().read(blobs, **more)


@pytest.fixture
def counting(origin, tmp_path):
    return Counting(folder=tmp_path / "counting.git", access=Access(repo_url=origin.url))


def taken(repository, files, commit):
    """The files that were read to be compiled; the snapshot of the commit must be what a first look finds."""
    repository.fetch()
    repository.readings = []
    snapshot = take_snapshot(repository, commit, files)
    _settings, compiled, *_fallbacks = repository.readings
    assert take_snapshot(repository, commit) == snapshot
    return compiled


def item(name, category="messaging"):
    return item_file(name, header={"category": category})


def test_only_what_changed_is_compiled(origin, counting):
    """Added, changed, moved, broken or doubled; what was removed is forgotten."""
    files = CompiledFiles()
    first = origin.commit({"catalog/a.yaml": item("a"), "catalog/b.yaml": item("b")})
    assert ["catalog/a.yaml", "catalog/b.yaml"] == taken(counting, files, first)

    changed = origin.commit({"catalog/a.yaml": item("a", "databases"), "catalog/c.yaml": item("c")})
    assert ["catalog/a.yaml", "catalog/c.yaml"] == taken(counting, files, changed)

    moved = origin.commit({"catalog/b.yaml": None, "catalog/sub/b.yaml": item("b")})
    assert ["catalog/sub/b.yaml"] == taken(counting, files, moved)

    doubled = origin.commit({"catalog/d.yaml": item("a")})
    assert ["catalog/d.yaml"] == taken(counting, files, doubled)

    alone_again = origin.commit({"catalog/d.yaml": None})
    assert [] == taken(counting, files, alone_again)

    assert ["catalog/a.yaml", "catalog/b.yaml"] == taken(counting, files, first)


def test_compiling_goes_on_where_it_was_left(origin, counting):
    """One file at least a call, each file once: as the commit has it, and as the one before had it."""
    commits = [
        origin.commit({f"catalog/{name}.yaml": item_file(name, header={"version": version}) for name in ("a", "b")})
        for version in ("1.0.0", "2.0.0")
    ]
    counting.fetch()
    files = CompiledFiles(patience=0)
    compiled = []
    snapshot = None
    while snapshot is None:
        counting.readings = []
        with suppress(UnfinishedError):
            snapshot = take_snapshot(counting, commits[1], files)
        compiled.append([paths for paths in counting.readings if paths and SETTINGS_FILE not in paths])

    a, b = "catalog/a.yaml", "catalog/b.yaml"
    assert [[[a, b]], [[b], [a, b]], [[b]]] == compiled
    assert take_snapshot(counting, commits[1]) == snapshot


def test_other_categories_make_every_file_another(origin, counting):
    """A file that did not change may have become invalid by them."""
    files = CompiledFiles()
    first = origin.commit({"catalog/a.yaml": item("a"), "catalog/b.yaml": item("b", "databases")})
    taken(counting, files, first)

    narrower = origin.commit({".pao.yaml": "categories: [messaging]\n"})

    assert ["catalog/a.yaml", "catalog/b.yaml"] == taken(counting, files, narrower)
