"""A folder of stubs is kept in step with the items; what did not change is not touched."""

from __future__ import annotations

import os
import sys

import pytest
from airflow.dag_processing.dagbag import DagBag

from catalog_compiler.airflow.dag import InvalidItemError
from catalog_compiler.airflow.stubs import link_stubs, read_plan, write_stubs
from catalog_compiler.plan import ItemPlan
from catalog_compiler.run_format import revision_tag
from tests.items import item_plan

QUEUE = item_plan("queue")
QUEUE_2 = item_plan("queue", header={"version": "2.0.0"})
TOPIC = item_plan("topic")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "stubs"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def plan_file(plan):
    return f"{plan.item_id}.{plan.revision[:16]}.json"


def test_each_item_has_a_stub_and_its_plan(folder):
    """The stub names the plan's file, and holds nothing of the item itself."""
    write_stubs(folder, "default", [QUEUE, TOPIC], {})

    assert sorted(["queue.py", "topic.py", plan_file(QUEUE), plan_file(TOPIC)]) == names(folder)
    assert QUEUE == ItemPlan.model_validate_json((folder / plan_file(QUEUE)).read_text())
    assert f"load_dags(__file__, catalog='default', plan='{plan_file(QUEUE)}')" in (folder / "queue.py").read_text()


def test_a_stub_that_changes_while_it_is_read_gives_what_it_names_by_now(folder):
    """Whoever has read the one of before would find its plan gone, which is an error of importing."""
    write_stubs(folder, "default", [QUEUE], {})
    before = plan_file(QUEUE)
    write_stubs(folder, "default", [QUEUE_2], {})

    assert QUEUE_2 == ItemPlan.model_validate_json(read_plan(folder / "queue.py", before))


def test_an_item_that_is_gone_has_no_plan(folder):
    """Neither where its stub is gone too, nor where only the plan is."""
    write_stubs(folder, "default", [QUEUE], {})
    (folder / plan_file(QUEUE)).unlink()
    with pytest.raises(FileNotFoundError, match=plan_file(QUEUE)):
        read_plan(folder / "queue.py", plan_file(QUEUE))
    write_stubs(folder, "default", [], {})
    with pytest.raises(FileNotFoundError, match=r"queue\.py"):
        read_plan(folder / "queue.py", plan_file(QUEUE))


def test_airflow_takes_a_stub_for_a_file_with_dags(folder):
    """Its safe mode looks for the words 'dag' and 'airflow' before it parses a file."""
    write_stubs(folder, "default", [QUEUE], {})

    text = (folder / "queue.py").read_text().lower()
    assert "dag" in text
    assert "airflow" in text


def test_what_did_not_change_keeps_its_bytes_and_time(folder):
    """By the time the DAG processor tells what to parse again."""
    write_stubs(folder, "default", [QUEUE, TOPIC], {})
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    write_stubs(folder, "default", [QUEUE_2, TOPIC], {})

    old = {path.name for path in folder.iterdir() if path.stat().st_mtime == 1}
    assert {"topic.py", plan_file(TOPIC)} == old


def test_a_change_within_a_second_is_seen(folder, monkeypatch):
    """Python takes compiled code for that of a file with the same size and the same second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    found = []
    for plan in (QUEUE, QUEUE_2, QUEUE):
        write_stubs(folder, "default", [plan], {})
        dag = DagBag(dag_folder=folder, bundle_path=folder).dags["default.queue.manual"]
        found.append(revision_tag(plan.revision) in dag.tags)

    assert [True, True, True] == found


def test_removed_items_vanish_with_their_plans(folder):
    """A stub that is left would make a DAG; a folder of another use is left alone."""
    write_stubs(folder, "default", [QUEUE, TOPIC], {})
    (folder / "__pycache__").mkdir()
    write_stubs(folder, "default", [TOPIC], {})

    assert sorted(["__pycache__", "topic.py", plan_file(TOPIC)]) == names(folder)


def test_a_file_appears_whole_or_not_at_all(folder, monkeypatch):
    """The DAG processor reads while this writes: a plan is there before the stub that names it."""
    seen = []
    replace = type(folder).replace

    def watched(path, target):
        seen.append(target.name)
        assert target.name.removesuffix(".new") not in names(folder)
        return replace(path, target)

    monkeypatch.setattr(type(folder), "replace", watched)
    write_stubs(folder, "default", [QUEUE], {})

    assert [plan_file(QUEUE), "queue.py"] == seen


def test_a_stub_that_was_cut_off_is_made_anew(folder):
    """As by a full disk; what it left unfinished does not stay in the way."""
    write_stubs(folder, "default", [QUEUE], {})
    (folder / "queue.py").write_text("")
    (folder / "queue.py.new").write_text("half")
    write_stubs(folder, "default", [QUEUE], {})

    assert "load_dags" in (folder / "queue.py").read_text()
    assert sorted(["queue.py", plan_file(QUEUE)]) == names(folder)


def test_what_the_folder_holds_is_not_looked_at_again(folder):
    """A commit that changes one item of ten thousand touches the files of that one."""
    held = write_stubs(folder, "default", [QUEUE, TOPIC], {"catalog/a.yaml": "wrong"})
    for name in names(folder):
        (folder / name).write_text("not looked at")
    again = write_stubs(folder, "default", [QUEUE_2, TOPIC], {"catalog/a.yaml": "wrong"}, held)

    changed = {name for name in names(folder) if (folder / name).read_text() != "not looked at"}
    assert {"queue.py", plan_file(QUEUE_2)} == changed
    assert again == dict.fromkeys(["topic.py", plan_file(TOPIC)], TOPIC.revision) | dict.fromkeys(
        ["queue.py", plan_file(QUEUE_2)], QUEUE_2.revision
    ) | {name: "wrong" for name in names(folder) if name.startswith("invalid_")}
    assert plan_file(QUEUE) not in names(folder)


def test_a_version_stays_as_it_is(folder, tmp_path):
    """Whatever the folder that it was made from holds later."""
    held = write_stubs(folder, "default", [QUEUE], {})
    link_stubs(folder, held, tmp_path / "versions" / "first")
    write_stubs(folder, "default", [TOPIC], {}, held)

    assert sorted(["queue.py", plan_file(QUEUE)]) == names(tmp_path / "versions" / "first")


def test_a_file_that_never_was_valid_becomes_an_import_error(folder):
    """Airflow's pages show it with its report, whatever that holds; its name is the same each time."""
    report = 'catalog/"q".yaml:1:1: error: \'x\' """ \\ {braces} é\n'
    for _ in range(2):
        write_stubs(folder, "default", [], {"catalog/q.yaml": report})

    (stub,) = folder.iterdir()
    with pytest.raises(InvalidItemError) as error:
        exec(compile(stub.read_text(), stub.name, "exec"), {})
    assert report == str(error.value)
    write_stubs(folder, "default", [], {})
    assert [] == names(folder)
