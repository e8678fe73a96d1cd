"""What readers see of a catalog changes in one step, and only when there is something new to see."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import select, update

from api_plugin.store.catalog import Catalog, CatalogChange, CatalogCommit, CatalogItem, ItemRevision
from api_plugin.store.requests import Request
from catalog_compiler.airflow.access import Access
from catalog_compiler.airflow.publishing import (
    CHANGES_KEPT,
    commit_of,
    kept_plans,
    publish,
    published_commit,
    record_refresh,
    version_of,
)
from catalog_compiler.airflow.repository import Repository
from catalog_compiler.airflow.snapshot import take_snapshot
from tests.items import item_file, item_plan

BROKEN = b"header: {id: queue}\n"


def queue(version):
    return item_file("queue", header={"version": version})


@pytest.fixture
def published(session, origin, repository):
    """Publishes a commit with these files over what is published; tells whether it did."""

    def publishing(files=(), *, commit=None, over="what is published"):
        commit = commit or origin.commit(files)
        repository.fetch()
        if over == "what is published":
            over = published_commit(session, "default")
        done = publish(session, "default", "main", take_snapshot(repository, commit), repository, over=over)
        session.commit()
        return commit if done is not None else None

    return publishing


def catalog(session):
    session.flush()
    return session.get(Catalog, "default", populate_existing=True)


def changes(session, commit):
    newest = select(CatalogCommit).where(CatalogCommit.commit == commit).order_by(CatalogCommit.seq.desc())
    row = session.scalars(newest.execution_options(populate_existing=True)).first()
    return {"added": row.added, "changed": row.changed, "removed": row.removed, "invalid": row.invalid}


def items(session):
    """Published revision, validity and retirement of each item."""
    rows = session.scalars(select(CatalogItem).execution_options(populate_existing=True))
    return {row.item_id: (row.published_revision, row.valid, row.retired) for row in rows}


def test_the_first_commit_is_published(session, published):
    """With the items' plans, for the API, and what the commit brought."""
    commit = published({"catalog/queue.yaml": queue("1.0.0"), ".pao.yaml": "categories: [messaging, mine]\n"})

    plan = item_plan("queue")
    row = catalog(session)
    assert (commit, "main", ["messaging", "mine"], [], 1) == (
        row.commit,
        row.tracking_ref,
        row.categories,
        row.problems,
        row.change_counter,
    )
    assert {"queue": (plan.revision, True, False)} == items(session)
    revision = session.get(ItemRevision, ("default", "queue", plan.revision))
    assert plan.model_dump(mode="json") == revision.plan
    assert ("catalog/queue.yaml", commit, "Ada <ada@example.com>") == (revision.file, revision.commit, revision.author)
    assert "1.0.0" == revision.document["header"]["version"]
    assert {"added": ["queue"], "changed": [], "removed": [], "invalid": []} == changes(session, commit)


def test_a_commit_tells_what_it_changed(session, published):
    """Added, changed, removed and invalid, each by id."""
    published({f"catalog/{name}.yaml": item_file(name) for name in ("a", "b", "c", "d")})
    commit = published(
        {
            "catalog/a.yaml": None,
            "catalog/b.yaml": item_file("b", header={"version": "2.0.0"}),
            "catalog/d.yaml": b"header: {id: d}\n",
            "catalog/e.yaml": item_file("e"),
            "catalog/f.yaml": b"header: {id: f}\n",
        }
    )

    assert {"added": ["e"], "changed": ["b"], "removed": ["a"], "invalid": ["d"]} == changes(session, commit)
    assert {"a": True, "b": False, "c": False, "d": False, "e": False} == {
        item_id: retired for item_id, (_, _, retired) in items(session).items()
    }
    assert {"catalog/d.yaml", "catalog/f.yaml"} == {problem["file"] for problem in catalog(session).problems}


def test_an_invalid_item_keeps_its_last_valid_revision(session, published):
    """And gets its validity back with the next good commit."""
    revision = item_plan("queue").revision
    published({"catalog/queue.yaml": queue("1.0.0")})
    published({"catalog/queue.yaml": BROKEN})
    broken = items(session)
    published({"catalog/queue.yaml": queue("1.0.0")})

    assert {"queue": (revision, False, False)} == broken
    assert {"queue": (revision, True, False)} == items(session)
    assert [] == catalog(session).problems


def test_what_stays_though_its_file_can_not_be_read_is_invalid(session, published):
    """And not removed; the commit after it does not take it for new."""
    published({"catalog/queue.yaml": queue("1.0.0")})
    broken = published({"catalog/queue.yaml": None, "catalog/moved.yaml": BROKEN})
    back = published({"catalog/moved.yaml": queue("2.0.0")})

    assert {"added": [], "changed": [], "removed": [], "invalid": ["queue"]} == changes(session, broken)
    assert {"added": [], "changed": ["queue"], "removed": [], "invalid": []} == changes(session, back)


def test_it_is_known_of_which_repository_a_catalog_is(session, published, repository, tmp_path):
    """A host's notice names it; how to sign in there is nobody's business."""
    commit = published({"catalog/queue.yaml": queue("1.0.0")})
    signed_in = Access(repo_url="https://ada:secret@git.example.com/catalog.git")
    moved = Repository(folder=tmp_path / "clone.git", access=signed_in)
    publish(session, "default", "main", take_snapshot(repository, commit), moved, over=commit)

    assert "https://git.example.com/catalog.git" == catalog(session).repository


def test_a_removed_item_may_come_back(session, published):
    """It is then added anew."""
    published({"catalog/queue.yaml": queue("1.0.0")})
    published({"catalog/queue.yaml": None})
    back = published({"catalog/queue.yaml": queue("1.0.0")})

    assert {"queue": (item_plan("queue").revision, True, False)} == items(session)
    assert ["queue"] == changes(session, back)["added"]


def test_the_counter_moves_with_changes_alone(session, published):
    """Readers compare it to know that their copy is fresh."""
    first = published({"catalog/queue.yaml": queue("1.0.0")})
    published(commit=first)
    published(commit=first)
    once = catalog(session).change_counter
    published({"catalog/queue.yaml": queue("2.0.0")})

    assert (1, 2) == (once, catalog(session).change_counter)


def test_a_publication_that_lost_the_race_changes_nothing(session, published):
    """Another process published meanwhile: the caller looks again."""
    first = published({"catalog/queue.yaml": queue("1.0.0")})
    second = published({"catalog/queue.yaml": queue("2.0.0")})

    assert published({"catalog/queue.yaml": queue("3.0.0")}, over=first) is None
    assert second == published_commit(session, "default")
    assert {"queue": (item_plan("queue", header={"version": "2.0.0"}).revision, True, False)} == items(session)


def test_two_that_publish_the_same_commit_both_succeed(session, published):
    """They made the same of it."""
    first = published({"catalog/queue.yaml": queue("1.0.0")})
    second = published({"catalog/queue.yaml": queue("2.0.0")})

    assert second == published(commit=second, over=first)
    assert 2 == catalog(session).change_counter


def test_a_ref_may_be_moved_back(session, published):
    """An old commit is then published anew, and what it did before stays told."""
    first = published({"catalog/queue.yaml": queue("1.0.0")})
    second = published({"catalog/queue.yaml": queue("2.0.0")})
    published(commit=first)

    assert {"queue": (item_plan("queue").revision, True, False)} == items(session)
    assert {"added": [], "changed": ["queue"], "removed": [], "invalid": []} == changes(session, first)
    assert [first, second, first] == list(session.scalars(select(CatalogCommit.commit).order_by(CatalogCommit.seq)))


def test_what_watchers_were_told_long_ago_is_deleted_and_commits_stay(session, published):
    """Up to a commit: what is left of it by its number shows what is gone."""
    commits = [published({"catalog/queue.yaml": queue(f"{number}.0.0")}) for number in range(1, 5)]
    old = dt.datetime.now(dt.UTC) - CHANGES_KEPT - dt.timedelta(minutes=1)
    session.execute(update(CatalogChange).where(CatalogChange.commit.in_(commits[:3])).values(at=old))
    session.add(CatalogChange(catalog="default", type="served", at=old, commit=commits[2], items=["queue"]))
    session.add(CatalogChange(catalog="other", type="published", at=old, commit=commits[0], items=[]))
    newest = published({"catalog/queue.yaml": queue("5.0.0")})

    left = select(CatalogChange.catalog, CatalogChange.type, CatalogChange.commit)
    assert [
        ("default", "published", commits[3]),
        ("default", "served", commits[2]),
        ("other", "published", commits[0]),
        ("default", "published", newest),
    ] == [tuple(row) for row in session.execute(left.order_by(CatalogChange.seq))]
    told = session.scalars(select(CatalogCommit.commit).order_by(CatalogCommit.seq)).all()
    assert [*commits, newest] == told


def test_a_failed_look_keeps_since_when_and_what_is_published(session, published):
    """Health tells both, until a look succeeds again."""
    commit = published({"catalog/queue.yaml": queue("1.0.0")})
    record_refresh(session, "default", "main", version=commit, failure="git could not read it")
    since = catalog(session).failing_since
    record_refresh(session, "default", "main", version=commit, failure="git could still not read it")
    failing = catalog(session)
    assert (since, "git could still not read it", commit) == (failing.failing_since, failing.failure, failing.commit)

    record_refresh(session, "default", "main", version="v", failure=None)
    assert (None, None, "v") == (catalog(session).failing_since, catalog(session).failure, catalog(session).version)


def test_a_catalog_that_was_never_published_can_fail(session, published):
    """Health tells since when from the first look on; there is still nothing to read."""
    record_refresh(session, "default", "main", version=None, failure="away")
    since = catalog(session).failing_since
    assert (None, "away", True) == (catalog(session).commit, catalog(session).failure, since is not None)

    commit = published({"catalog/queue.yaml": queue("1.0.0")})
    assert (commit, None, None) == (catalog(session).commit, catalog(session).failing_since, catalog(session).failure)


def a_request(status, *, catalog="default", item_id="queue"):
    now = dt.datetime.now(dt.UTC)
    return Request(
        id=uuid.uuid4(),
        catalog=catalog,
        item_id=item_id,
        item_version="1.0.0",
        owner="team",
        revision="0" * 64,
        mode="automatic",
        dag_id=f"{catalog}.{item_id}",
        run_id=str(uuid.uuid4()),
        fields={},
        user_id="dev",
        user={},
        comment=None,
        correlation_id="c",
        created_at=now,
        updated_at=now,
        status=status,
        state={},
    )


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("queued", True),
        ("in_progress", True),
        ("completed", True),
        ("failed", True),
        ("rolling_back", True),
        ("rollback_failed", True),
        ("rolled_back", False),
        ("cancelled", False),
    ],
)
def test_a_retired_item_is_kept_while_a_request_needs_it(session, published, status, kept):
    """It runs, or what it made can still be undone."""
    published({"catalog/queue.yaml": queue("1.0.0")})
    published({"catalog/queue.yaml": None})
    session.add_all([a_request(status), a_request("completed", item_id="topic"), a_request("queued", catalog="other")])
    session.flush()

    assert ((item_plan("queue"),) if kept else ()) == kept_plans(session, "default", besides=())


def test_the_version_is_the_commit_and_what_is_kept(session):
    """The DAG processor looks at files again only where it changes."""
    one, two = item_plan("a"), item_plan("b")

    assert "c0ffee" == version_of("c0ffee", [])
    assert version_of("c0ffee", [one, two]) == version_of("c0ffee", [two, one])
    different = {version_of("c0ffee", kept) for kept in ([], [one], [two], [one, two])}
    assert 4 == len(different)
    assert {"c0ffee"} == set(map(commit_of, different))
