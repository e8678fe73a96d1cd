"""Which catalogs a push is for: those of its repository, whichever way that is cloned, that follow what it moved."""

from __future__ import annotations

import pytest

from api_plugin.webhooks.pushes import push_of, repository_name

HTTPS = "https://github.com/example/catalog.git"
PUSH = push_of([HTTPS, None], ["refs/heads/main", "refs/tags/v1"])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (HTTPS, "github.com/example/catalog"),
        ("https://GitHub.com/Example/catalog", "github.com/example/catalog"),
        ("https://github.com/example/catalog/", "github.com/example/catalog"),
        ("https://dana:secret@github.com:443/example/catalog.git", "github.com/example/catalog"),
        ("git@github.com:example/catalog.git", "github.com/example/catalog"),
        ("github.com:example/catalog", "github.com/example/catalog"),
        ("ssh://git@ssh.github.com:443/example/catalog.git", "github.com/example/catalog"),
        ("ssh://git@altssh.bitbucket.org:443/example/catalog", "bitbucket.org/example/catalog"),
        ("https://git.example.com/scm/ex/catalog.git", "git.example.com/ex/catalog"),
        ("ssh://git@git.example.com:7999/EX/catalog.git", "git.example.com/ex/catalog"),
        ("/srv/git/catalog.git", "/srv/git/catalog"),
        ("file:///srv/git/catalog.git", "/srv/git/catalog"),
        ("https://[broken/catalog", "/https://[broken/catalog"),
    ],
)
def test_a_repository_has_one_name(url, expected):
    """However it is written."""
    assert expected == repository_name(url)


@pytest.mark.parametrize("ref", ["main", "refs/heads/main", "v1", "refs/tags/v1"])
def test_a_push_moves_its_branches_and_tags(ref):
    """As a catalog's configuration names them."""
    assert PUSH.moves("git@github.com:example/catalog.git", ref)


@pytest.mark.parametrize(
    ("repository", "ref"),
    [
        (HTTPS, "staging"),
        (HTTPS, "heads/main"),
        ("https://github.com/example/other", "main"),
        ("git@gitlab.com:example/catalog", "main"),
    ],
)
def test_a_push_moves_nothing_else(repository, ref):
    """No other branch, and no other repository."""
    assert not PUSH.moves(repository, ref)


@pytest.mark.parametrize("repository", [None, "/srv/git/catalog", "../catalog.git", "file:///srv/git/catalog.git"])
def test_what_is_not_known_does_not_keep_a_catalog_from_being_looked_at(repository):
    """One look too many costs less than a push that is missed; of a path, nobody knows what it is a copy of."""
    assert [True, False] == [PUSH.moves(repository, ref) for ref in ("main", "staging")]
    assert push_of([], ["refs/heads/main"]).moves(HTTPS, "main")
