"""A commit's catalog is what git alone says: each item at its last valid revision, and every problem."""

from __future__ import annotations

import pytest

from catalog_compiler.airflow.access import Access
from catalog_compiler.airflow.repository import Repository
from catalog_compiler.airflow.snapshot import LOOK_BACK, removed_items, take_snapshot
from catalog_compiler.document import MAX_BYTES
from tests.items import item_file, item_plan

BROKEN = b"header: {id: queue}\n"
V1 = item_plan("queue", header={"version": "1.0.0"})
V2 = item_plan("queue", header={"version": "2.0.0"})


def queue(version):
    return item_file("queue", header={"version": version})


def snapshot(repository, commit):
    repository.fetch()
    return take_snapshot(repository, commit)


def codes(taken):
    return [(problem.file, problem.code) for problem in taken.problems]


def test_each_valid_file_is_an_item(origin, repository):
    """Other files of the repository are none of the catalog's."""
    commit = origin.commit(
        {
            "catalog/messaging/queue.yaml": queue("1.0.0"),
            "catalog/topic.yaml": item_file("topic"),
            "catalog/README.md": "# Items",
            "other/cache.yaml": item_file("cache"),
            ".github/workflows/ci.yaml": "on: push",
        }
    )

    taken = snapshot(repository, commit)

    assert ["queue", "topic"] == list(taken.items)
    assert () == taken.problems
    item = taken.items["queue"]
    assert (V1, "catalog/messaging/queue.yaml", commit, True) == (item.plan, item.file, item.commit, item.valid)
    assert "1.0.0" == item.document["header"]["version"]


def test_an_invalid_file_falls_back_to_its_last_valid_revision(origin, repository):
    """With the commit that brought that revision; the errors are told."""
    origin.commit({"catalog/queue.yaml": queue("1.0.0")})
    good = origin.commit({"catalog/queue.yaml": queue("2.0.0")})
    origin.commit({"catalog/queue.yaml": BROKEN})
    tip = origin.commit({"catalog/queue.yaml": BROKEN + b"presentation: 7\n"})

    taken = snapshot(repository, tip)

    item = taken.items["queue"]
    assert (V2, good, False) == (item.plan, item.commit, item.valid)
    assert {} == taken.broken
    assert {"catalog/queue.yaml"} == {problem.file for problem in taken.problems}
    assert "queue" in snapshot(repository, good).items
    assert snapshot(repository, good).items["queue"].valid


def test_a_file_that_never_was_valid_is_no_item(origin, repository):
    """There is nothing to serve; the others are not touched by it."""
    tip = origin.commit({"catalog/queue.yaml": BROKEN, "catalog/topic.yaml": item_file("topic")})

    taken = snapshot(repository, tip)

    assert ["topic"] == list(taken.items)
    assert "catalog/queue.yaml" in dict(codes(taken))
    assert ["catalog/queue.yaml"] == list(taken.broken)
    assert "catalog/queue.yaml:1:" in taken.broken["catalog/queue.yaml"]


def test_looking_back_ends_somewhere(origin, repository):
    """A file that is wrong for that long is not served."""
    origin.commit({"catalog/queue.yaml": queue("1.0.0")})
    for number in range(LOOK_BACK):
        tip = origin.commit({"catalog/queue.yaml": BROKEN + b"# %d\n" % number})
        if number == LOOK_BACK - 2:
            last = tip

    assert {"queue"} == snapshot(repository, last).items.keys()
    assert {} == snapshot(repository, tip).items


def test_of_two_files_with_one_id_the_one_before_keeps_it(origin, repository):
    """Both are told; what was published goes on."""
    first = origin.commit({"catalog/b.yaml": queue("1.0.0")})
    tip = origin.commit({"catalog/a.yaml": queue("2.0.0")})

    taken = snapshot(repository, tip)

    item = taken.items["queue"]
    assert (V1, "catalog/b.yaml", first, False) == (item.plan, item.file, item.commit, item.valid)
    assert [("catalog/a.yaml", "duplicate-id"), ("catalog/b.yaml", "duplicate-id")] == codes(taken)


def test_what_changes_while_an_id_is_in_two_files_is_not_served(origin, repository):
    """A revision that never was alone with its id never was valid."""
    first = origin.commit({"catalog/b.yaml": queue("1.0.0")})
    origin.commit({"catalog/a.yaml": queue("2.0.0")})
    tip = origin.commit({"catalog/b.yaml": queue("3.0.0")})

    item = snapshot(repository, tip).items["queue"]

    assert (V1, "catalog/b.yaml", first) == (item.plan, item.file, item.commit)


def test_an_id_that_wandered_stays_with_the_file_that_held_it_last(origin, repository):
    """Here `a` gave it up to `b`, and claims it again."""
    origin.commit({"catalog/a.yaml": queue("1.0.0")})
    second = origin.commit({"catalog/a.yaml": item_file("topic"), "catalog/b.yaml": queue("2.0.0")})
    tip = origin.commit({"catalog/a.yaml": queue("1.0.0")})

    taken = snapshot(repository, tip)

    assert {"queue": (V2, second), "topic": (item_plan("topic"), second)} == {
        item_id: (item.plan, item.commit) for item_id, item in taken.items.items()
    }


def test_of_two_new_files_with_one_id_neither_is_served(origin, repository):
    """Nobody can tell which is meant: neither was published before."""
    origin.commit({"README.md": "x"})
    tip = origin.commit({"catalog/a.yaml": queue("1.0.0"), "catalog/b.yaml": queue("2.0.0")})

    taken = snapshot(repository, tip)

    assert {} == taken.items
    assert [("catalog/a.yaml", "duplicate-id"), ("catalog/b.yaml", "duplicate-id")] == codes(taken)


def test_a_file_that_moved_is_the_same_item(origin, repository):
    """An item is known by its id, not by its path."""
    origin.commit({"catalog/queue.yaml": queue("1.0.0")})
    tip = origin.commit({"catalog/queue.yaml": None, "catalog/messaging/queue.yaml": queue("1.0.0")})

    taken = snapshot(repository, tip)

    item = taken.items["queue"]
    assert (V1, "catalog/messaging/queue.yaml", True) == (item.plan, item.file, item.valid)
    assert [] == list(removed_items(repository, taken))


def test_a_removed_item_is_found_at_its_last_valid_revision(origin, repository):
    """A request of it may still have to be undone."""
    origin.commit({"catalog/queue.yaml": queue("1.0.0"), "catalog/topic.yaml": item_file("topic")})
    origin.commit({"catalog/queue.yaml": queue("2.0.0")})
    origin.commit({"catalog/queue.yaml": BROKEN})
    tip = origin.commit({"catalog/queue.yaml": None})

    taken = snapshot(repository, tip)

    assert {"topic"} == taken.items.keys()
    assert [V2] == [item.plan for item in removed_items(repository, taken)]


@pytest.mark.parametrize("folder", ["services", "services/", "./services", "."])
def test_the_catalog_says_where_its_items_are(origin, repository, folder):
    """In `.pao.yaml`, with its categories."""
    tip = origin.commit(
        {
            ".pao.yaml": f"folder: {folder}\ncategories: [queues]\n",
            "services/queue.yaml": item_file("queue", header={"category": "queues"}),
        }
    )

    taken = snapshot(repository, tip)

    assert ["queue"] == list(taken.items)
    assert () == taken.problems
    assert ("queues",) == taken.settings.categories


def test_an_invalid_item_falls_back_under_the_catalogs_own_categories(origin, repository):
    """The revision before was valid with them, and still is."""
    origin.commit(
        {
            ".pao.yaml": "categories: [queues]\n",
            "catalog/queue.yaml": item_file("queue", header={"category": "queues"}),
        }
    )
    broken = origin.commit({"catalog/queue.yaml": BROKEN})
    without_it = origin.commit({".pao.yaml": "categories: [streams]\n"})
    removed = origin.commit({"catalog/queue.yaml": None})

    assert ["queue"] == list(snapshot(repository, broken).items)
    assert ["queue"] == list(snapshot(repository, without_it).items)
    assert ["queue"] == [item.plan.item_id for item in removed_items(repository, snapshot(repository, removed))]


@pytest.mark.parametrize("folder", ["../other", "/etc", "a/../../b"])
def test_a_folder_outside_of_the_repository_is_an_error_of_the_settings(origin, repository, folder):
    """The catalog goes on under the usual folder; nothing is read elsewhere."""
    tip = origin.commit({".pao.yaml": f"folder: {folder}\n", "catalog/queue.yaml": queue("1.0.0")})

    taken = snapshot(repository, tip)

    assert ["queue"] == list(taken.items)
    assert [(".pao.yaml", "invalid-value")] == codes(taken)


INVALID_SETTINGS = ["folder: ../other\n", "folder: [services\n", "categories: []\n", "#" * (MAX_BYTES + 1)]


@pytest.mark.parametrize("invalid", INVALID_SETTINGS)
def test_invalid_settings_fall_back_to_the_last_valid_ones(origin, repository, invalid):
    """Otherwise one wrong key would take every item out of service; items go on changing under the old settings."""
    origin.commit(
        {
            ".pao.yaml": "folder: services\ncategories: [queues]\n",
            "services/queue.yaml": item_file("queue", header={"category": "queues"}),
        }
    )
    broken = origin.commit({".pao.yaml": invalid})
    after = origin.commit(
        {
            "services/queue.yaml": BROKEN,
            "services/topic.yaml": item_file("topic", header={"category": "queues"}),
            "catalog/cache.yaml": item_file("cache"),
        }
    )

    taken = snapshot(repository, broken)
    assert {"queue": True} == {item_id: item.valid for item_id, item in taken.items.items()}
    assert {".pao.yaml"} == {problem.file for problem in taken.problems}
    assert ("services", ("queues",)) == (taken.settings.folder, taken.settings.categories)
    later = snapshot(repository, after)
    assert {"queue": False, "topic": True} == {item_id: item.valid for item_id, item in later.items.items()}
    assert {".pao.yaml", "services/queue.yaml"} == {problem.file for problem in later.problems}


def test_settings_that_were_removed_are_the_defaults(origin, repository):
    """Invalid ones after that fall back to those, not to the ones before."""
    origin.commit({".pao.yaml": "folder: services\n", "services/topic.yaml": item_file("topic")})
    origin.commit({".pao.yaml": None, "catalog/queue.yaml": queue("1.0.0")})
    tip = origin.commit({".pao.yaml": "folders: services\n"})

    taken = snapshot(repository, tip)

    assert ["queue"] == list(taken.items)
    assert [(".pao.yaml", "unknown-key")] == codes(taken)


class Recording(Repository):
    """Remembers which files were read."""

    def __init__(self, **where):
        super().__init__(**where)
        self.paths = set()

    def read(self, blobs, **options):
        blobs = list(blobs)
        self.paths |= {blob.path for blob in blobs}
        return super().read(blobs, **options)


def test_only_files_of_the_catalog_are_read(origin, tmp_path):
    """Whatever else a team keeps beside them."""
    recording = Recording(folder=tmp_path / "clone.git", access=Access(repo_url=origin.url))
    names = ("logo.png", "README.md", ".hidden.yaml", ".hidden/a.yaml", "a.yml")
    tip = origin.commit({"catalog/queue.yaml": queue("1.0.0")} | {f"catalog/{name}": "x" for name in names})

    assert [("catalog/a.yml", "file-extension")] == codes(snapshot(recording, tip))
    assert {"catalog/queue.yaml"} == recording.paths


@pytest.mark.parametrize("folder", ["nowhere", ":(top)", "*", "-x", '"\\0"', '"a\\nb"'])
def test_a_folder_that_is_not_there_is_an_empty_catalog(origin, repository, folder):
    """Whatever its name means to git."""
    tip = origin.commit({".pao.yaml": f"folder: '{folder}'\n", "catalog/queue.yaml": queue("1.0.0")})

    assert {} == snapshot(repository, tip).items


def test_a_file_that_is_too_large_is_a_problem(origin, repository):
    """Only as much of it is read as shows that."""
    tip = origin.commit({"catalog/queue.yaml": queue("1.0.0") + b"#" * 3_000_000})

    assert [("catalog/queue.yaml", "file-too-large")] == codes(snapshot(repository, tip))


def test_an_empty_repository_is_an_empty_catalog(origin, repository):
    """A team begins with one."""
    taken = snapshot(repository, origin.commit())

    assert ({}, ()) == (taken.items, taken.problems)


def link(origin, path, to):
    place = origin.folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(to)


@pytest.mark.parametrize(
    ("path", "to", "told"),
    [
        ("catalog/queue.yaml", "../items/queue.yaml", True),
        ("catalog/queue.yml", "nowhere", True),
        ("catalog/more", "../items", True),
        ("catalog/more", "/etc", True),
        ("catalog/more", "../../elsewhere", True),
        ("catalog/README.md", "../README.md", False),
        ("catalog/.hidden.yaml", "../items/queue.yaml", False),
        ("docs/queue.yaml", "../items/queue.yaml", False),
    ],
)
def test_a_link_in_the_catalog_is_a_problem(origin, repository, path, to, told):
    """It is never followed, wherever it leads; its author learns why the item is not there."""
    link(origin, path, to)
    tip = origin.commit(
        {"items/queue.yaml": queue("1.0.0"), "README.md": "Hello", "catalog/topic.yaml": item_file("topic")}
    )

    taken = snapshot(repository, tip)

    assert ["topic"] == list(taken.items)
    assert ([(path, "invalid-value")] if told else []) == codes(taken)


def test_a_link_that_is_the_folder_of_items_is_a_problem(origin, repository):
    """Or that is above it."""
    link(origin, "team", "elsewhere")
    tip = origin.commit({".pao.yaml": "folder: team/services\n", "elsewhere/services/queue.yaml": queue("1.0.0")})

    assert [("team", "invalid-value")] == codes(snapshot(repository, tip))


def test_settings_that_are_a_link_are_invalid(origin, repository):
    """Those before stay in force."""
    origin.commit({".pao.yaml": "folder: services\n", "services/queue.yaml": queue("1.0.0")})
    (origin.folder / ".pao.yaml").unlink()
    link(origin, ".pao.yaml", "other.yaml")
    tip = origin.commit({"other.yaml": "folder: catalog\n"})

    taken = snapshot(repository, tip)

    assert ["queue"] == list(taken.items)
    assert [(".pao.yaml", "invalid-value")] == codes(taken)


def versioned(version, *field_ids):
    fields = [{"id": name, "name": name, "type": "string", "order": order} for order, name in enumerate(field_ids, 1)]
    return item_file("queue", header={"version": version}, fields=fields)


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("catalog/queue.yaml", versioned("1.0.0", "a", "b", "c"), ["version-not-raised"]),
        ("catalog/queue.yaml", versioned("1.1.0", "a", "b", "c"), []),
        ("catalog/queue.yaml", versioned("1.1.0", "a"), ["breaking-change"]),
        ("catalog/moved.yaml", versioned("1.0.0", "a", "b", "c"), ["version-not-raised"]),
        ("catalog/moved.yaml", versioned("1.0.0", "a", "b"), []),
    ],
)
def test_a_version_that_does_not_tell_of_a_change_is_a_warning(origin, repository, path, content, expected):
    """Compared with the commit before, so that every process finds the same."""
    origin.commit({"catalog/queue.yaml": versioned("1.0.0", "a", "b")})
    tip = origin.commit({"catalog/queue.yaml": None, path: content})
    later = origin.commit({"README.md": "Hello"})

    taken = snapshot(repository, tip)

    assert [(path, code) for code in expected] == codes(taken)
    assert taken.items["queue"].valid
    assert [] == codes(snapshot(repository, later))
