"""The clone of a catalog repository: follows whatever happens to it, and never does what its content says."""

from __future__ import annotations

import datetime as dt
import shutil

import pytest

from catalog_compiler.airflow.access import Access, RepositoryError
from catalog_compiler.airflow.repository import Link, Repository
from catalog_compiler.document import MAX_BYTES


def contents(repository, commit, folder="catalog"):
    """What the clone finds below a folder, by path."""
    blobs = repository.blobs(commit, folder)
    return {blob.path: content for blob, content in zip(blobs, repository.read(blobs), strict=True)}


def test_a_commit_is_fetched_and_read(origin, repository):
    """The first fetch makes the clone."""
    commit = origin.commit({"catalog/a.yaml": "a: 1\r\n", "catalog/b/c.yaml": b"\x00\xff", "README.md": "Hello"})
    repository.fetch()

    assert commit == repository.resolve("main")
    assert {"catalog/a.yaml": b"a: 1\r\n", "catalog/b/c.yaml": b"\x00\xff"} == contents(repository, commit)


def test_equal_contents_have_equal_ids(origin, repository):
    """By which unchanged files are known."""
    first = origin.commit({"a": "same", "b": "same"})
    second = origin.commit({"a": "other"})
    repository.fetch()

    ids = {(commit, blob.path): blob.id for commit in (first, second) for blob in repository.blobs(commit, ".")}

    assert ids[first, "a"] == ids[first, "b"] == ids[second, "b"] != ids[second, "a"]


def test_branches_tags_and_commits_are_refs(origin, repository):
    """A branch wins over a tag of its name."""
    first = origin.commit({"a": "1"})
    origin.git("tag", "-a", "v1", "-m", "The first")
    origin.git("tag", "main")
    second = origin.commit({"a": "2"})
    origin.git("branch", "release/1.0", second)
    repository.fetch()

    assert first == repository.resolve("v1")
    assert second == repository.resolve("main")
    assert second == repository.resolve("release/1.0")
    assert first == repository.resolve(first)
    assert first == repository.resolve(first[:10])


@pytest.mark.parametrize(
    "ref", ["nothing", "--all", "-h", "--output=/tmp/x", "", "a b", "main..v1", "$(id)", "\n", "é"]
)
def test_a_ref_that_is_none_says_so(origin, repository, ref):
    """Also one that looks like an option of git's."""
    origin.commit({"a": "1"})
    repository.fetch()

    with pytest.raises(RepositoryError, match="is no branch, tag or commit of"):
        repository.resolve(ref)


def test_a_branch_may_look_like_an_option(origin, repository):
    """Git lets nobody make one by hand, a server may."""
    commit = origin.commit({"a": "1"})
    (origin.folder / ".git/refs/heads/--upload-pack=touch").write_text(commit + "\n")
    repository.fetch()

    assert commit == repository.resolve("main")


def test_history_may_be_rewritten(origin, repository):
    """A force-push is followed; what was fetched before stays readable."""
    origin.commit({"a": "1"})
    old = origin.commit({"a": "2"})
    repository.fetch()
    new = origin.commit({"a": "3"}, amend=True)
    repository.fetch()

    assert new == repository.resolve("main")
    assert repository.has(old)


def test_a_tag_may_move(origin, repository):
    """As a catalog that follows `production` does."""
    origin.commit({"a": "1"})
    origin.git("tag", "production")
    repository.fetch()
    second = origin.commit({"a": "2"})
    origin.git("tag", "--force", "production")
    repository.fetch()

    assert second == repository.resolve("production")


def test_a_branch_that_is_deleted_is_gone(origin, repository):
    """Its catalog reports it, instead of standing still for ever."""
    origin.commit({"a": "1"})
    origin.git("branch", "staging")
    repository.fetch()
    origin.git("branch", "-D", "staging")
    repository.fetch()

    with pytest.raises(RepositoryError, match="'staging' is no branch, tag or commit"):
        repository.resolve("staging")


def test_a_folder_may_become_a_branch_and_back(origin, repository):
    """`a/b` and `a` can't be there at once; pruning comes first."""
    commit = origin.commit({"a": "1"})
    origin.git("branch", "team/x")
    repository.fetch()
    origin.git("branch", "-D", "team/x")
    origin.git("branch", "team")
    repository.fetch()

    assert commit == repository.resolve("team")


def test_links_and_submodules_are_no_files(origin, repository):
    """A link could lead out of the repository, a submodule to anywhere."""
    (origin.folder / "catalog").mkdir()
    (origin.folder / "catalog/link.yaml").symlink_to("/etc/passwd")
    (origin.folder / "catalog/folder").symlink_to("..")
    (origin.folder / "catalog/real.yaml").write_text("a: 1")
    (origin.folder / "catalog/run.yaml").write_text("a: 2")
    (origin.folder / "catalog/run.yaml").chmod(0o755)
    first = origin.commit_tree()
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{first},catalog/module")
    origin.git("commit", "--quiet", "-m", "Add a submodule")
    commit = origin.git("rev-parse", "HEAD")
    repository.fetch()

    assert ["catalog/real.yaml", "catalog/run.yaml"] == [blob.path for blob in repository.blobs(commit, "catalog")]


PATHS = [
    "catalog/a b.yaml",
    "catalog/a\nb.yaml",
    "catalog/é.yaml",
    'catalog/"q".yaml',
    "catalog/-x.yaml",
    "catalog/*.yaml",
    "catalog/[a-z].yaml",
]


def test_paths_may_hold_anything(origin, repository):
    """Each is its own file, and has its own history."""
    commits = {path: origin.commit({path: path}) for path in PATHS}
    tip = origin.commit({"catalog/é.yaml": None})
    repository.fetch()

    assert {path: path.encode() for path in PATHS if "é" not in path} == contents(repository, tip)
    assert {path: [(commit, path.encode())] for path, commit in commits.items()} == {
        path: list(repository.versions(tip, path)) for path in PATHS
    }
    assert ("catalog/é.yaml",) == repository.removed(tip, "catalog")


def test_a_file_that_is_too_large_is_not_read(origin, repository):
    """As many zeros as show that come instead; the others are read as they are."""
    commit = origin.commit({"catalog/a": b"x" * 100, "catalog/b": b"", "catalog/c": b"y" * 10, "catalog/d": b"z" * 11})
    repository.fetch()

    blobs = repository.blobs(commit, "catalog")

    assert [100, 0, 10, 11] == [blob.size for blob in blobs]
    assert [bytes(11), b"", b"y" * 10, bytes(11)] == list(repository.read(blobs, limit=10))


def test_an_old_version_that_is_too_large_is_not_read(origin, repository):
    """Nobody can fill the memory by a file that was there once."""
    large = origin.commit({"catalog/a.yaml": b"x" * (MAX_BYTES + 1000)})
    tip = origin.commit({"catalog/a.yaml": b"x"})
    repository.fetch()

    assert [(tip, b"x"), (large, bytes(MAX_BYTES + 1))] == list(repository.versions(tip, "catalog/a.yaml"))


def test_reading_can_be_broken_off(origin, repository):
    """No process is left that waits for someone to read on."""
    commit = origin.commit({f"catalog/{number}": b"x" * 200_000 for number in range(5)})
    repository.fetch()

    reading = repository.read(repository.blobs(commit, "catalog"))
    assert 200_000 == len(next(reading))
    reading.close()


FOLDERS = ["catalog", "--name-only", ":(top)", "*"]


def test_a_folder_that_is_not_there_is_empty(origin, repository):
    """Also one whose name is an option of git's, or means more to it."""
    commit = origin.commit({"a": "1"})
    repository.fetch()

    assert [()] * 4 == [repository.blobs(commit, folder) for folder in FOLDERS]


def test_a_commit_is_described(origin, repository):
    """As the catalog's history shows it."""
    commit = origin.commit({"a": "1"}, message="Add a database\n\nWith a standby.")
    repository.fetch()

    info = repository.describe(commit)

    assert (commit, "Ada <ada@example.com>", "Add a database\n\nWith a standby.") == (
        info.commit,
        info.author,
        info.message,
    )
    assert dt.datetime(2026, 1, 31, 10, 1, tzinfo=dt.UTC) == info.committed_at


def test_versions_of_a_file_are_the_newest_first(origin, repository):
    """Each with the commit that brought it; commits that leave the file alone are none."""
    first = origin.commit({"catalog/a.yaml": "1"})
    origin.commit({"catalog/b.yaml": "x"})
    second = origin.commit({"catalog/a.yaml": "2"})
    origin.commit({"catalog/a.yaml": None})
    last = origin.commit({"catalog/a.yaml": "3"})
    repository.fetch()

    assert [(last, b"3"), (second, b"2"), (first, b"1")] == list(repository.versions(last, "catalog/a.yaml"))
    assert [(first, b"1")] == list(repository.versions(first, "catalog/a.yaml"))


def test_a_removal_is_a_version_where_it_is_asked_for(origin, repository):
    """Its content is empty."""
    first = origin.commit({"a": "1"})
    second = origin.commit({"a": None})
    third = origin.commit({"a": "3"})
    repository.fetch()

    assert [(third, b"3"), (second, b""), (first, b"1")] == list(repository.versions(third, "a", removals=True))


def test_removed_files_are_the_newest_first(origin, repository):
    """One that came back is not removed, nor is one of another folder."""
    origin.commit({f"catalog/{name}.yaml": name for name in "abc"} | {"README.md": "x", "catalogue/z.yaml": "z"})
    origin.commit({"catalog/a.yaml": None})
    origin.commit({"catalog/b.yaml": None, "README.md": None, "catalogue/z.yaml": None})
    origin.commit({"catalog/c.yaml": None})
    tip = origin.commit({"catalog/c.yaml": "again"})
    repository.fetch()

    assert ("catalog/b.yaml", "catalog/a.yaml") == repository.removed(tip, "catalog")


def test_a_merge_may_remove_and_bring(origin, repository):
    """Most catalogs change by merged branches."""
    origin.commit({"catalog/a.yaml": "1", "catalog/b.yaml": "1"})
    origin.git("checkout", "--quiet", "-b", "side")
    origin.commit({"catalog/a.yaml": None, "catalog/b.yaml": "2"})
    origin.git("checkout", "--quiet", "main")
    origin.commit({"README.md": "x"})
    origin.git("merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    tip = origin.git("rev-parse", "HEAD")
    repository.fetch()

    assert ("catalog/a.yaml",) == repository.removed(tip, "catalog")
    assert [b"2", b"1"] == [content for _, content in repository.versions(tip, "catalog/b.yaml")]


def test_a_repository_that_is_away_leaves_the_clone(origin, repository, tmp_path):
    """What was fetched before still serves."""
    commit = origin.commit({"catalog/a.yaml": "1"})
    repository.fetch()
    shutil.move(origin.folder, tmp_path / "away")

    with pytest.raises(RepositoryError, match=f"git could not read {origin.url}: .*does not appear to be a git repos"):
        repository.fetch()

    assert commit == repository.resolve("main")
    assert {"catalog/a.yaml": b"1"} == contents(repository, commit)


def test_no_message_shows_how_to_sign_in(origin, repository, tmp_path, monkeypatch):
    """Every signed-in user can read it in health; git says the URL too."""
    commit = origin.commit({"a": "1"})
    repository.fetch()
    signed = Repository(folder=tmp_path / "clone.git", access=Access(repo_url="http://ada:secret@127.0.0.1:1/c.git"))

    with pytest.raises(RepositoryError, match="is no branch") as unknown:
        signed.resolve("nothing")
    monkeypatch.setenv("GIT_TRACE", "1")
    with pytest.raises(RepositoryError, match="git could not read") as away:
        signed.fetch()

    assert commit == signed.resolve("main")
    for error in (unknown, away):
        assert "http://127.0.0.1:1/c.git" in str(error.value)
        assert "secret" not in str(error.value)


def test_a_clone_that_can_not_be_made_anew_stays(origin, repository, tmp_path):
    """What can still be read of it is better than nothing."""
    commit = origin.commit({"a": "1"})
    repository.fetch()
    shutil.move(origin.folder, tmp_path / "away")

    with pytest.raises(RepositoryError, match="does not appear to be a git repository"):
        repository.renew()

    assert commit == repository.resolve("main")


def test_a_repository_that_never_was_there(tmp_path):
    """The first fetch fails alike, and the next one works once it is there."""
    repository = Repository(folder=tmp_path / "clone.git", access=Access(repo_url=str(tmp_path / "nowhere")))

    for _ in range(2):
        with pytest.raises(RepositoryError, match="git could not read"):
            repository.fetch()


def test_a_half_made_clone_is_made_anew(origin, repository, tmp_path):
    """A kill in the middle leaves a folder that is none."""
    commit = origin.commit({"a": "1"})
    for folder in ("clone.git", "clone.git.new"):
        (tmp_path / folder / "objects").mkdir(parents=True)
        (tmp_path / folder / "objects/half").write_text("x")
    repository.fetch()

    assert commit == repository.resolve("main")


def test_the_callers_own_git_settings_change_nothing(origin, repository, monkeypatch, tmp_path):
    """A process out of a git hook has GIT_DIR set to the hook's repository."""
    commit = origin.commit({"a": "1"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    repository.fetch()

    assert commit == repository.resolve("main")
    assert not (tmp_path / "other").exists()


def test_links_are_told_with_what_they_hold(origin, repository):
    """And whatever is a folder, without following them."""
    (origin.folder / "catalog").mkdir()
    (origin.folder / "catalog/a.yaml").symlink_to("../b.yaml")
    (origin.folder / "other").symlink_to("catalog")
    commit = origin.commit({"catalog/b.yaml": "1"})
    repository.fetch()

    assert (Link(path="catalog/a.yaml", to="../b.yaml"),) == repository.links(commit, "catalog")
    paths = ("", "catalog", "other", "catalog/b.yaml", "nowhere")
    assert [True, True, False, False, False] == [repository.is_folder(commit, path) for path in paths]


def test_a_commit_has_a_parent(origin, repository):
    """But for the first."""
    first, second = origin.commit({"a": "1"}), origin.commit({"a": "2"})
    repository.fetch()

    assert (first, None) == (repository.parent(second), repository.parent(first))


def test_a_file_that_moved_is_found_by_its_content(origin, repository):
    """Also where it changed a little; not where git has not got the commit any more."""
    first = origin.commit({"a.yaml": "line\n" * 20, "b.yaml": "other\n" * 20})
    second = origin.commit({"a.yaml": None, "sub/a.yaml": "line\n" * 19})
    repository.fetch()

    assert "sub/a.yaml" == repository.moved("a.yaml", first, second)
    assert None is repository.moved("b.yaml", first, second)
    assert None is repository.moved("a.yaml", "0" * 40, second)


@pytest.mark.parametrize("root", ["team", "/team/"])
def test_paths_count_from_the_root_of_the_catalog(origin, tmp_path, root):
    """Where that is a folder of the repository; what is beside it does not exist."""
    repository = Repository(folder=tmp_path / "clone.git", access=Access(repo_url=origin.url), root=root)
    first = origin.commit({"team/a/b.yaml": "1", "team/c.yaml": "2", "a/x.yaml": "3", "teams/a/y.yaml": "4"})
    origin.commit({"team/a/b.yaml": "5", "a/x.yaml": "6"})
    tip = origin.commit({"team/c.yaml": None, "a/x.yaml": None, "team/a/d.yaml": "2"})
    repository.fetch()

    assert {"a/b.yaml": b"5", "a/d.yaml": b"2"} == contents(repository, tip, ".")
    assert {"a/b.yaml": b"1"} == contents(repository, first, "a")
    assert [b"5", b"1"] == [content for _, content in repository.versions(tip, "a/b.yaml")]
    assert ("c.yaml",) == repository.removed(tip, ".")
    assert "a/d.yaml" == repository.moved("c.yaml", first, tip)
    assert repository.is_folder(tip, "a")
    assert tip == repository.resolve("main")
