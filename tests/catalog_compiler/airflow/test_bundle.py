"""The bundle on a real repository and a real database: as the DAG processor and the workers use it."""

from __future__ import annotations

import json
import shutil

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import AirflowException
from sqlalchemy import select

from api_plugin.store.catalog import Catalog, CatalogItem
from catalog_compiler.airflow import bundle as bundle_module
from catalog_compiler.airflow import snapshot as snapshot_module
from catalog_compiler.airflow.bundle import CatalogBundle
from tests.catalog_compiler.airflow.git_servers import silent_server
from tests.catalog_compiler.airflow.test_publishing import a_request
from tests.items import item_file

BROKEN = b"header: {id: topic}\n"


@pytest.fixture
def bundle(session, origin, monkeypatch, tmp_path):
    """Makes the bundle anew, as each process does; all of them share a disk."""
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH", str(tmp_path / "bundles"))

    def made(version=None, **more):
        usual = {"name": "default", "tracking_ref": "main", "repo_url": origin.url}
        return CatalogBundle(version=version, **(usual | more))

    return made


def catalog(session, name="default"):
    session.rollback()
    return session.get(Catalog, name, populate_existing=True)


def stubs(bundle):
    return sorted(path.stem for path in bundle.path.glob("*.py"))


def dags(bundle):
    bag = DagBag(dag_folder=bundle.path, bundle_path=bundle.path)
    return sorted(bag.dags), list(bag.import_errors.values())


def test_it_follows_the_ref(bundle, origin, session):
    """What is pushed is compiled and published; its version is the commit."""
    first = origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    assert (["queue"], first) == (stubs(following), following.get_current_version().version)
    assert (first, first) == (catalog(session).commit, catalog(session).version)

    second = origin.commit({"catalog/topic.yaml": item_file("topic")})
    following.refresh()

    assert (["queue", "topic"], second) == (stubs(following), following.get_current_version().version)
    assert second == catalog(session).commit
    assert (
        ["default.queue.manual", "default.queue.rollback", "default.topic.manual", "default.topic.rollback"],
        [],
    ) == (dags(following))


def test_nothing_new_changes_nothing(bundle, origin, session):
    """Stubs keep their times, and readers their copies."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    times = {path.name: path.stat().st_mtime_ns for path in following.path.iterdir()}
    counter = catalog(session).change_counter
    origin.commit({"README.md": "Hello"})
    following.refresh()
    after_readme = catalog(session).change_counter
    following.refresh()

    assert times == {path.name: path.stat().st_mtime_ns for path in following.path.iterdir()}
    assert (1, 2, 2) == (counter, after_readme, catalog(session).change_counter)


def test_a_process_that_starts_again_goes_on(bundle, origin, session):
    """On the disk of the one before it, and on an empty one."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    first = bundle()
    first.initialize()
    times = {path.name: path.stat().st_mtime_ns for path in first.path.iterdir()}

    second = bundle()
    second.initialize()

    assert times == {path.name: path.stat().st_mtime_ns for path in second.path.iterdir()}
    assert commit == second.get_current_version().version
    assert 1 == catalog(session).change_counter


def test_a_repository_that_is_away_changes_nothing(bundle, origin, session, tmp_path):
    """What is published serves on; health tells since when and why."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    shutil.move(origin.folder, tmp_path / "away")
    following.refresh()

    assert (["queue"], commit) == (stubs(following), following.get_current_version().version)
    assert commit == catalog(session).commit
    assert catalog(session).failing_since is not None
    assert "git could not read" in catalog(session).failure

    shutil.move(tmp_path / "away", origin.folder)
    following.refresh()
    assert (None, None) == (catalog(session).failing_since, catalog(session).failure)


def loose_objects(clone):
    return sorted(path for path in clone.glob("objects/??/*") if path.is_file())


def lock(*paths):
    def damage(clone):
        for path in paths:
            (clone / path).write_text("")

    return damage


def cut_off_objects(clone):
    for path in loose_objects(clone):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:8])


def empty_objects(clone):
    for path in loose_objects(clone):
        path.chmod(0o644)
        path.write_bytes(b"")


def lose_objects(clone):
    shutil.rmtree(clone / "objects")
    (clone / "objects").mkdir()


DAMAGES = {
    "locked ref": lock("refs/heads/main.lock"),
    "other locks": lock("shallow.lock", "packed-refs.lock", "HEAD.lock", "config.lock"),
    "objects cut off": cut_off_objects,
    "empty objects": empty_objects,
    "lost objects": lose_objects,
    "empty ref": lambda clone: (clone / "refs/heads/main").write_text(""),
    "garbage in the configuration": lambda clone: (clone / "config").write_text("[core"),
    "garbage in packed-refs": lambda clone: (clone / "packed-refs").write_text("x y z"),
    "no folder of objects": lambda clone: shutil.rmtree(clone / "objects"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("starts_again", [True, False])
def test_a_damaged_clone_is_made_anew(bundle, origin, session, damage, starts_again):
    """A kill while it was fetched leaves locks and half-written files; no operator has to delete them."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    damage(following.base_dir / "repository.git")
    commit = origin.commit({"catalog/topic.yaml": item_file("topic")})
    following = bundle() if starts_again else following
    following.refresh()

    assert (["queue", "topic"], commit) == (stubs(following), catalog(session).commit)
    assert catalog(session).failure is None


def test_a_lock_on_packed_refs_is_no_end(bundle, origin, session):
    """Git needs that file alone to forget a branch; without that, a fetch would fail for ever."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    origin.git("branch", "side")
    following = bundle()
    following.initialize()
    origin.git("branch", "-D", "side")
    lock("packed-refs.lock")(following.base_dir / "repository.git")
    commit = origin.commit({"catalog/topic.yaml": item_file("topic")})
    following.refresh()

    assert (["queue", "topic"], commit, None) == (stubs(following), catalog(session).commit, catalog(session).failure)
    assert not (following.base_dir / "repository.git/packed-refs.lock").exists()


def test_a_file_that_is_cut_off_in_the_clone_is_fetched_again(bundle, origin, session):
    """Also where the repository has nothing new, so that the fetch finds nothing wrong."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    bundle().initialize()
    following = bundle()
    blob = origin.git("rev-parse", f"{commit}:catalog/queue.yaml")
    file = following.base_dir / "repository.git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:40])
    following.refresh()

    assert (["queue"], None) == (stubs(following), catalog(session).failure)


def test_a_pinned_version_is_compiled_on_a_damaged_clone(bundle, origin):
    """A worker's disk breaks as well."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    bundle(commit).initialize()
    pinned = bundle(f"{commit}.0123456789ab")
    cut_off_objects(pinned.base_dir / "repository.git")
    pinned.initialize()

    assert ["queue"] == stubs(pinned)


def test_health_never_shows_how_to_sign_in(bundle, origin, session):
    """It tells every signed-in user why the repository can't be read."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    bundle().initialize()
    bundle(repo_url="http://ada:secret@127.0.0.1:1/c.git").initialize()

    assert "http://127.0.0.1:1/c.git" in catalog(session).failure
    assert "secret" not in catalog(session).failure


def test_a_damaged_clone_of_a_repository_that_is_away_serves_on(bundle, origin, session, tmp_path):
    """It is made anew once the repository is back."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    cut_off_objects(following.base_dir / "repository.git")
    shutil.move(origin.folder, tmp_path / "away")
    following.refresh()
    assert (["queue"], commit) == (stubs(following), catalog(session).commit)
    assert "git could not read" in catalog(session).failure

    shutil.move(tmp_path / "away", origin.folder)
    commit = origin.commit({"catalog/topic.yaml": item_file("topic")})
    following.refresh()

    assert (["queue", "topic"], commit) == (stubs(following), catalog(session).commit)


def test_invalid_settings_retire_no_item(bundle, origin, session):
    """The problems are told, and what is published stays."""
    origin.commit({".pao.yaml": "folder: services\n", "services/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    commit = origin.commit({".pao.yaml": "folders: services\n"})
    following.refresh()

    assert (["queue"], commit) == (stubs(following), catalog(session).commit)
    assert [".pao.yaml"] == [problem["file"] for problem in catalog(session).problems]
    assert [] == session.scalars(select(CatalogItem.item_id).where(CatalogItem.retired)).all()


def test_a_repository_that_never_was_there_is_no_crash(bundle, tmp_path):
    """The other bundles of the DAG processor go on."""
    following = bundle(repo_url=str(tmp_path / "nowhere"))
    following.initialize()

    assert [] == stubs(following)
    assert following.get_current_version() is None


def test_an_invalid_item_keeps_its_dags(bundle, origin, session):
    """An import error would strand its runs; only what never was valid is one."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    origin.commit({"catalog/queue.yaml": b"header: {id: queue}\n", "catalog/topic.yaml": b"header: {id: topic}\n"})
    following.refresh()

    found, errors = dags(following)
    assert ["default.queue.manual", "default.queue.rollback"] == found
    assert 1 == len(errors)
    assert "catalog/topic.yaml:1:" in errors[0]


def test_a_removed_item_keeps_its_dags_while_a_request_needs_them(bundle, origin, session):
    """The version says what is kept, so that the DAG processor looks again when it changes."""
    origin.commit({"catalog/queue.yaml": item_file("queue"), "catalog/topic.yaml": item_file("topic")})
    following = bundle()
    following.initialize()
    request = a_request("in_progress")
    session.add(request)
    session.commit()
    commit = origin.commit({"catalog/queue.yaml": None, "catalog/topic.yaml": None})
    following.refresh()
    kept = following.get_current_version().version
    assert ["queue"] == stubs(following)
    assert kept.startswith(f"{commit}.")

    request.status = "rolled_back"
    session.commit()
    following.refresh()

    assert ([], commit) == (stubs(following), following.get_current_version().version)
    assert {"queue", "topic"} == set(session.scalars(select(CatalogItem.item_id).where(CatalogItem.retired)))


def test_a_pinned_version_is_compiled_where_it_is_not_there(bundle, origin):
    """By a worker with an empty disk and no database; once for all."""
    first = origin.commit({"catalog/queue.yaml": item_file("queue")})
    origin.commit({"catalog/queue.yaml": None, "catalog/topic.yaml": item_file("topic")})
    pinned = bundle(first)
    pinned.initialize()
    times = {path.name: path.stat().st_mtime_ns for path in pinned.path.iterdir()}
    bundle(first).initialize()

    assert (["queue"], first) == (stubs(pinned), pinned.get_current_version().version)
    assert times == {path.name: path.stat().st_mtime_ns for path in pinned.path.iterdir()}
    assert (["default.queue.manual", "default.queue.rollback"], []) == dags(pinned)


def test_a_pinned_version_of_what_was_followed_is_there_already(bundle, origin, tmp_path):
    """The same bytes, without a look at the repository."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    shutil.move(origin.folder, tmp_path / "away")
    pinned = bundle(commit)
    pinned.initialize()

    assert {path.name: path.read_bytes() for path in following.path.iterdir()} == {
        path.name: path.read_bytes() for path in pinned.path.iterdir()
    }


def test_a_pinned_version_with_kept_items_holds_them(bundle, origin):
    """Their runs may be pinned to it."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    commit = origin.commit({"catalog/queue.yaml": None, "catalog/topic.yaml": item_file("topic")})
    pinned = bundle(f"{commit}.0123456789ab")
    pinned.initialize()

    assert ["queue", "topic"] == stubs(pinned)


def test_a_pinned_version_never_changes(bundle, origin):
    """Asking for that is a mistake of the caller's."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})

    with pytest.raises(AirflowException, match="a pinned version never changes"):
        bundle(commit).refresh()


def test_a_version_that_was_left_half_made_is_made_anew(bundle, origin):
    """A kill in the middle leaves nothing that is taken for a version."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    pinned = bundle(commit)
    half = pinned.versions_dir / f".{commit}.new"
    half.mkdir(parents=True)
    (half / "other.py").write_text("half")
    pinned.initialize()

    assert ["queue"] == stubs(pinned)


def test_old_versions_are_cleared_away(bundle, origin, monkeypatch):
    """They are compiled again when they are asked for."""
    monkeypatch.setattr(bundle_module, "VERSIONS_KEPT", 2)
    following = bundle()
    commits = []
    for number in range(4):
        commits.append(origin.commit({"catalog/queue.yaml": item_file("queue", header={"version": f"{number}.0.0"})}))
        following.refresh()

    assert 2 == len(list(following.versions_dir.iterdir()))
    assert (following.versions_dir / commits[-1]).is_dir()


def test_without_a_repository_it_says_what_to_set(bundle):
    """In Airflow's list of bundles."""
    with pytest.raises(AirflowException, match="'default' has no repository: set repo_url, or git_conn_id"):
        bundle(repo_url=None)


def settled(following):
    """Refresh as the DAG processor does, again and again, until no fetch is on its way."""
    following.refresh()
    while following.refresh_interval == 0:
        following.refresh()


def test_a_silent_repository_holds_up_nobody(bundle, origin, session, monkeypatch):
    """Its fetch goes on beside, the interval says to come back at once, and in the end health tells of it."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    bundle().initialize()
    monkeypatch.setattr(bundle_module, "PATIENCE", 0)
    monkeypatch.setenv("GIT_HTTP_LOW_SPEED_TIME", "1")
    with silent_server() as url:
        following = bundle(repo_url=url, refresh_interval=5)
        following.refresh()
        assert (0, None) == (following.refresh_interval, catalog(session).failure)
        settled(following)

    assert "too slow" in catalog(session).failure
    assert commit == catalog(session).commit


def test_a_large_commit_is_compiled_a_part_at_a_time(bundle, origin, session, monkeypatch):
    """So that the DAG processor's heart beats meanwhile; what is published and on disk serves until all is there."""
    names = ("a", "b", "c")
    first = origin.commit({f"catalog/{name}.yaml": item_file(name) for name in names})
    following = bundle()
    following.initialize()
    monkeypatch.setattr(bundle_module, "PATIENCE", 0)
    starting = bundle()
    starting.initialize()
    second = origin.commit({f"catalog/{name}.yaml": item_file(name, header={"version": "2.0.0"}) for name in names})

    served = []
    while catalog(session).commit != second:
        served.append((catalog(session).commit, starting.get_current_version().version, stubs(starting)))
        starting.refresh()

    settled(starting)

    # A look at each of three files, as it is and as it was, and those at the fetch.
    assert 6 <= len(served)
    assert {(first, first, names)} == {(commit, version, tuple(held)) for commit, version, held in served}
    assert (second, None) == (starting.get_current_version().version, catalog(session).failure)
    assert [] == catalog(session).problems


def test_a_failing_repository_is_asked_less_and_less_often(bundle, origin, tmp_path):
    """Up to a minute; once it answers, as often as before."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle(refresh_interval=10)
    shutil.move(origin.folder, tmp_path / "away")
    intervals = []
    for _ in range(4):
        settled(following)
        intervals.append(following.refresh_interval)
    shutil.move(tmp_path / "away", origin.folder)
    settled(following)

    assert [20, 40, 60, 60] == intervals
    assert 10 == following.refresh_interval


def test_a_connection_that_is_missing_heals_alone(bundle, origin, session, monkeypatch):
    """Also where the catalog was never published: health tells of it from the first look on."""
    following = bundle(repo_url=None, git_conn_id="catalog_git")
    following.initialize()
    assert "the git connection 'catalog_git' can't be used" in catalog(session).failure
    assert catalog(session).failing_since is not None

    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    extra = {"strict_host_key_checking": "yes"}
    connection = {"conn_type": "git", "host": origin.url, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_CATALOG_GIT", json.dumps(connection))
    settled(following)

    assert (["queue"], commit, None) == (stubs(following), catalog(session).commit, catalog(session).failure)


def test_a_connection_that_is_corrected_heals_alone(bundle, origin, session, monkeypatch):
    """Without a restart of the DAG processor."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})

    def connect(host):
        connection = {"conn_type": "git", "host": host, "extra": {"strict_host_key_checking": "yes"}}
        monkeypatch.setenv("AIRFLOW_CONN_CATALOG_GIT", json.dumps(connection))

    connect("/nowhere")
    following = bundle(repo_url=None, git_conn_id="catalog_git")
    following.initialize()
    assert "git could not read /nowhere" in catalog(session).failure

    connect(origin.url)
    settled(following)
    assert (["queue"], None) == (stubs(following), catalog(session).failure)


def test_a_branch_that_is_deleted_heals_when_it_is_back(bundle, origin, session):
    """What was published of it serves on meanwhile."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    origin.git("branch", "--move", "main", "other")
    settled(following)
    assert (["queue"], commit) == (stubs(following), catalog(session).commit)
    assert "'main' is no branch, tag or commit of" in catalog(session).failure

    origin.git("branch", "--move", "other", "main")
    commit = origin.commit({"catalog/topic.yaml": item_file("topic")})
    settled(following)
    assert (["queue", "topic"], commit, None) == (stubs(following), catalog(session).commit, catalog(session).failure)


def test_what_goes_wrong_besides_is_told_as_well(bundle, origin, session):
    """Here there is no place for the stubs, as on a full disk; the next look succeeds."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    origin.commit({"catalog/topic.yaml": item_file("topic")})
    following.path.rename(following.path.with_name("aside"))
    following.path.write_text("")
    settled(following)
    assert "could not be brought up to date, by FileExistsError: File exists" in catalog(session).failure

    following.path.unlink()
    settled(following)
    assert (["queue", "topic"], None) == (stubs(following), catalog(session).failure)


def test_an_empty_disk_gets_what_is_published(bundle, origin, session, tmp_path):
    """Where the repository is away: without its stubs, the DAG processor would take the DAGs for removed."""
    commit = origin.commit({"catalog/queue.yaml": item_file("queue"), "catalog/topic.yaml": BROKEN})
    first = bundle()
    first.initialize()
    expected = sorted(path.name for path in first.path.iterdir() if not path.name.startswith("invalid"))
    shutil.rmtree(first.base_dir)
    shutil.move(origin.folder, tmp_path / "away")
    following = bundle()
    following.initialize()

    assert expected == sorted(path.name for path in following.path.iterdir())
    assert (["default.queue.manual", "default.queue.rollback"], []) == dags(following)
    assert commit == following.get_current_version().version
    assert "git could not read" in catalog(session).failure

    shutil.move(tmp_path / "away", origin.folder)
    settled(following)
    assert 1 == len(dags(following)[1])


@pytest.mark.parametrize(
    "files",
    [
        {"catalog/queue.yaml": None, "catalog/messaging/queue.yaml": b"header: {id: queue}\n"},
        {"catalog/queue.yaml": None, "catalog/messaging/queue.yaml": item_file("queue") + b"}\n"},
        {"catalog/queue.yaml": item_file("queue") + b"}\n"},
    ],
)
@pytest.mark.parametrize("rewritten", [False, True])
def test_a_broken_item_stays_where_git_can_not_tell(bundle, origin, session, files, rewritten):
    """It moved as it broke, or its history was rewritten: what is published is all there is."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    commit = origin.commit(files, amend=rewritten)
    settled(following)
    kept = following.get_current_version().version
    assert {"queue": (False, False)} == validity(session)
    assert (["default.queue.manual", "default.queue.rollback"], []) == dags(following)

    origin.commit({"README.md": "Hello"})
    restarted = bundle()
    restarted.initialize()
    assert {"queue": (False, False)} == validity(session)
    assert ["queue"] == stubs(restarted)
    assert kept.partition(".")[0] == commit


def validity(session):
    session.rollback()
    rows = session.scalars(select(CatalogItem).execution_options(populate_existing=True))
    return {row.item_id: (row.valid, row.retired) for row in rows}


def test_an_item_stays_for_as_long_as_it_is_broken(bundle, origin, session, monkeypatch):
    """However many versions its file had since; a removed one goes."""
    monkeypatch.setattr(snapshot_module, "LOOK_BACK", 2)
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    for number in range(4):
        origin.commit({"catalog/queue.yaml": b"header: {id: queue}\n# %d\n" % number})
        settled(following)
    assert {"queue": (False, False)} == validity(session)
    assert (["default.queue.manual", "default.queue.rollback"], []) == dags(following)

    origin.commit({"catalog/queue.yaml": None})
    settled(following)
    assert {"queue": (False, True)} == validity(session)
    assert [] == stubs(following)


def test_settings_that_never_were_valid_retire_nothing(bundle, origin, session):
    """History was rewritten: nobody can tell where the items are."""
    origin.commit({".pao.yaml": "folder: services\n", "services/queue.yaml": item_file("queue")})
    following = bundle()
    following.initialize()
    origin.commit({".pao.yaml": "folders: services\n"}, amend=True)
    settled(following)

    assert {"queue": (False, False)} == validity(session)
    assert ["queue"] == stubs(following)


def test_two_catalogs_follow_two_refs_of_one_repository(bundle, origin, session):
    """Each in a folder of its own, with DAGs of its own."""
    origin.commit({"catalog/queue.yaml": item_file("queue")})
    origin.git("branch", "release")
    origin.commit({"catalog/topic.yaml": item_file("topic")})
    staging, production = bundle(name="staging"), bundle(name="production", tracking_ref="release")
    for following in (staging, production):
        following.initialize()

    assert (["queue", "topic"], ["queue"]) == (stubs(staging), stubs(production))
    assert "production.queue.manual" in dags(production)[0]
    rows = session.scalars(select(Catalog).order_by(Catalog.name)).all()
    assert [("production", "release"), ("staging", "main")] == [(row.name, row.tracking_ref) for row in rows]
    assert {origin.url} == {row.repository for row in rows}


def test_two_catalogs_live_in_two_folders_of_one_repository(bundle, origin, session):
    """Each with settings of its own; what is beside a catalog is none of it."""
    origin.commit(
        {
            "teams/a/.pao.yaml": "folder: services\n",
            "teams/a/services/queue.yaml": item_file("queue"),
            "teams/b/catalog/topic.yaml": item_file("topic"),
            "catalog/cache.yaml": item_file("cache"),
        }
    )
    first, second = (bundle(name=name, subdir=f"/teams/{name}/") for name in ("a", "b"))
    for following in (first, second):
        following.initialize()
    assert (["queue"], ["topic"]) == (stubs(first), stubs(second))

    origin.commit({"teams/a/services/queue.yaml": b"header: {id: queue}\n"})
    settled(first)
    assert ["services/queue.yaml"] == sorted({problem["file"] for problem in catalog(session, "a").problems})
    assert {"queue": (False, False), "topic": (True, False)} == validity(session)


def test_a_folder_that_is_not_there_is_a_failure(bundle, origin, session):
    """An empty catalog would retire everything."""
    origin.commit({"teams/a/catalog/queue.yaml": item_file("queue")})
    following = bundle(subdir="teams/a")
    following.initialize()
    origin.git("mv", "teams/a", "teams/b")
    origin.commit_tree()
    settled(following)

    assert "'main' of" in catalog(session).failure
    assert "has no folder 'teams/a'; correct the catalog's subdir" in catalog(session).failure
    assert ["queue"] == stubs(following)


@pytest.mark.parametrize("name", ["", "Default", "1st", "a.b", "a b", "ä", "a" * 41])
def test_a_name_that_can_not_be_in_the_id_of_a_dag_is_refused(bundle, name):
    """Airflow lists the sentence with its bundles."""
    with pytest.raises(AirflowException, match=f"'{name}' can't be the name of a catalog"):
        bundle(name=name)
