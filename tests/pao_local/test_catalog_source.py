"""`CATALOG` may name a git URL, a git repository, or a plain folder; each is followed in its own way."""

from __future__ import annotations

from pathlib import Path

import pytest
from pao_local.catalog_source import resolve, resolve_further
from pao_local.errors import CatalogError
from pao_local.git import git


def make_repository(folder: Path, branch: str = "main") -> Path:
    git("init", "--quiet", f"--initial-branch={branch}", folder)
    (folder / "catalog").mkdir()
    (folder / "catalog" / "db.yaml").write_text("header: {}\n")
    git("-C", folder, "add", ".")
    git("-C", folder, "commit", "--quiet", "-m", "First")
    return folder


def tree_of(repository: str) -> list[str]:
    return git(f"--git-dir={repository}", "ls-tree", "-r", "--name-only", "main").splitlines()


def test_a_repository_is_served_as_it_is_at_its_current_branch(tmp_path):
    """Nothing is copied: the next commit there is what is served next."""
    repository = make_repository(tmp_path / "catalog-repository", branch="release")

    source = resolve(str(repository), tmp_path / "private.git")

    assert source.url == str(repository)
    assert source.branch == "release"
    assert source.watched is None
    assert not (tmp_path / "private.git").exists()


def test_a_url_is_served_at_its_default_branch(tmp_path):
    """The branch that a clone would check out."""
    repository = make_repository(tmp_path / "catalog-repository", branch="trunk")

    source = resolve(repository.as_uri(), tmp_path / "private.git")

    assert source.url == repository.as_uri()
    assert source.branch == "trunk"


@pytest.mark.parametrize("named", ["", "catalog"], ids=["holds catalog/", "is it"])
def test_a_plain_folder_is_committed_to_a_private_repository(tmp_path, named):
    """Whether it holds `catalog/` or is it, the repository has the items under `catalog/`."""
    items = tmp_path / "mine" / "catalog" / "databases"
    items.mkdir(parents=True)
    (items / "db.yaml").write_text("header: {}\n")
    (tmp_path / "mine" / "notes.txt").write_text("not an item")

    source = resolve(str(tmp_path / "mine" / named), tmp_path / "private.git")

    assert source.branch == "main"
    assert source.watched == tmp_path / "mine" / named
    assert tree_of(source.url) == ["catalog/databases/db.yaml"]


def test_the_catalogs_own_settings_come_along(tmp_path):
    """`.pao.yaml` stands at the repository's root."""
    (tmp_path / "mine" / "catalog").mkdir(parents=True)
    (tmp_path / "mine" / "catalog" / "db.yaml").write_text("header: {}\n")
    (tmp_path / "mine" / ".pao.yaml").write_text("categories: [databases]\n")

    source = resolve(str(tmp_path / "mine"), tmp_path / "private.git")

    assert tree_of(source.url) == [".pao.yaml", "catalog/db.yaml"]


def test_a_folder_inside_a_repository_is_a_plain_folder(tmp_path):
    """As the example catalog is: what is not committed yet is served all the same."""
    repository = make_repository(tmp_path / "work")

    source = resolve(str(repository / "catalog"), tmp_path / "private.git")

    assert source.watched == repository / "catalog"


def broken_folders(tmp_path: Path) -> dict[str, Path]:
    detached = make_repository(tmp_path / "detached")
    git("-C", detached, "switch", "--quiet", "--detach")
    git("init", "--quiet", tmp_path / "unborn")
    (tmp_path / "empty").mkdir()
    return {
        "missing": tmp_path / "missing",
        "empty": tmp_path / "empty",
        "detached": detached,
        "unborn": tmp_path / "unborn",
    }


@pytest.mark.parametrize(
    ("which", "sentence"),
    [
        ("missing", "is not a folder; give a folder or a git URL"),
        ("empty", "holds no .yaml file; give the folder that holds catalog/"),
        ("detached", "where no branch is checked out; check out the one to serve"),
        ("unborn", "has no commit yet; make a first one"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_sentence(tmp_path, which, sentence):
    """Before anything is started."""
    with pytest.raises(CatalogError, match=sentence):
        resolve(str(broken_folders(tmp_path)[which]), tmp_path / "private.git")


def test_a_url_that_git_cannot_read_is_refused(tmp_path):
    """With git's own words, and what to check."""
    with pytest.raises(CatalogError, match=r"which git can't read: .* check the URL and your access"):
        resolve((tmp_path / "nowhere").as_uri(), tmp_path / "private.git")


def test_a_branch_can_be_named(tmp_path):
    """Of a URL and of a repository on this machine; it is followed once it is there."""
    repository = make_repository(tmp_path / "catalog-repository")
    sources = [resolve(f"{address}#next", tmp_path / "private.git") for address in (repository, repository.as_uri())]

    assert [(str(repository), "next"), (repository.as_uri(), "next")] == [(one.url, one.branch) for one in sources]


def test_a_folder_may_have_a_hash_in_its_name(tmp_path):
    """It names no branch then."""
    repository = make_repository(tmp_path / "c#main")

    assert (str(repository), "main") == (
        (source := resolve(str(repository), tmp_path / "private.git")).url,
        source.branch,
    )


def test_a_plain_folder_has_no_branch(tmp_path):
    """The message says what to do."""
    with pytest.raises(CatalogError, match="is no git repository; leave '#main' out"):
        resolve(f"{tmp_path}#main", tmp_path / "private.git")


def test_a_further_catalog_is_a_git_repository(tmp_path):
    """Of plain folders there is one, which has the private repository."""
    repository = make_repository(tmp_path / "catalog-repository", branch="trunk")

    assert ["trunk", "next", "trunk"] == [
        resolve_further("staging", named).branch
        for named in (str(repository), f"{repository}#next", repository.as_uri())
    ]
    with pytest.raises(CatalogError, match="as 'staging', which is no git repository"):
        resolve_further("staging", str(tmp_path))
