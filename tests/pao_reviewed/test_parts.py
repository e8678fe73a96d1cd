"""What PAO relies on in Airflow's source is as it was when it was read, and nothing of it is missing in the list."""

from __future__ import annotations

import textwrap

import pytest
from pao_airflow import dag_processor, fast_path, memory, shared_breaker, trigger_supervisor, triggerer
from pao_reviewed.leaning import Known, unlisted, unlisted_in
from pao_reviewed.parts import accept, differences, read_parts
from pao_reviewed.source import find_source

from api_plugin import clearing, runs

READ = '''
LIMIT = 5

class Scheduler:
    """It schedules."""

    async def loop(self, runs):
        """Takes runs in turn."""
        return [run for run in runs if run.late > LIMIT]  # the late ones

    @property
    def name(self):
        return f"scheduler {self.number!r}"
'''


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A list of what is relied on in a module that anybody may change, written by `write`."""
    monkeypatch.syspath_prepend(tmp_path)

    class World:
        module = f"upgraded_{tmp_path.name.replace('-', '_')}"
        file = tmp_path / f"{module}.py"
        list = tmp_path / "parts.toml"

        def write(self, source):
            self.file.write_text(textwrap.dedent(source))

        def rely_on(self, *names):
            self.list.write_text(
                "# by hand\n"
                + "".join(f'\n["{self.module}:{name}"]\nrelied_on = "What {name} does."\n' for name in names)
            )

        def told(self):
            return [str(each) for each in differences(read_parts(self.list))]

        def accept(self):
            accept(differences(read_parts(self.list)), self.list)

    made = World()
    made.write(READ)
    made.rely_on("LIMIT", "Scheduler.loop", "Scheduler.name", "Scheduler")
    made.accept()
    return made


def test_what_is_relied_on_is_as_it_was_read():
    """After an upgrade of Airflow this lists what to read anew; `scripts/reviewed` does as well."""
    found = differences(read_parts())

    assert not found, "\n".join(
        ["read these, mend what rests on them, then: scripts/reviewed accept", *map(str, found)]
    )


def test_whatever_our_code_leans_on_is_in_the_list():
    """Overridden methods, private names, and what is nobody's interface; `pao_reviewed.parts` says how to add it."""
    missing = unlisted(read_parts())

    assert not missing, "\n".join(
        ["add these to scripts/pao_reviewed/parts.toml, then: scripts/reviewed accept", *missing]
    )


def test_what_was_accepted_is_as_it_was_read(world):
    """And the list keeps everything that was written by hand."""
    assert [] == world.told()
    assert world.list.read_text().startswith("# by hand\n")
    assert 'relied_on = "What LIMIT does."\nsha256 = "' in world.list.read_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# the late ones", "# late"),
        ("Takes runs in turn.", "Takes all."),
        ("It schedules.", "Schedules."),
        ("LIMIT]", "LIMIT\n]"),
    ],
)
def test_words_and_layout_do_not_matter(world, old, new):
    """Comments, docstrings, where lines break."""
    world.write(READ.replace(old, new))

    assert [] == world.told()


@pytest.mark.parametrize(
    ("old", "new", "name", "line"),
    [
        ("LIMIT = 5", "LIMIT = 6", "LIMIT", 2),
        ("run.late > LIMIT", "run.late >= LIMIT", "Scheduler.loop", 7),
        ("async def loop", "def loop", "Scheduler.loop", 7),
        ("self, runs", "self, runs, now=None", "Scheduler.loop", 7),
        ("    @property\n", "", "Scheduler.name", 11),
        ("!r}", "}", "Scheduler.name", 12),
    ],
)
def test_what_the_code_does_matters_and_is_told_with_its_place(world, old, new, name, line):
    """A class has changed where any of its methods has."""
    world.write(READ.replace(old, new))

    whole = [] if name == "LIMIT" else ["Scheduler"]
    told = world.told()
    assert [f"{world.module}:{each} has changed" for each in [name, *whole]] == [
        each.splitlines()[0].split(": ")[1] for each in told
    ]
    assert f"{world.file}:{line}: {world.module}:{name} has changed\n    relied on: What {name} does." == told[0]


def test_what_is_gone_is_told_and_stays_told(world):
    """Nobody can have read it."""
    world.write(READ.replace("def loop", "def run"))
    world.accept()

    assert [f"{world.module}:Scheduler.loop: is gone\n    relied on: What Scheduler.loop does."] == world.told()
    assert find_source("no_such_package.module:Thing") is None


def test_what_is_new_in_the_list_is_told_until_it_is_accepted(world):
    """Whoever adds it has read it."""
    world.rely_on("LIMIT")

    assert [f"{world.file}:2: {world.module}:LIMIT is not reviewed\n    relied on: What LIMIT does."] == world.told()
    world.accept()
    assert [] == world.told()


SUPERVISOR = "airflow.jobs.triggerer_job_runner:TriggerRunnerSupervisor"


@pytest.mark.parametrize(
    ("module", "part", "told"),
    [
        (trigger_supervisor, f"{SUPERVISOR}.run_once", f"{SUPERVISOR}.run_once"),
        (trigger_supervisor, f"{SUPERVISOR}.clean_unused", f"{SUPERVISOR}.clean_unused"),
        (triggerer, "airflow.jobs.job:run_job", "airflow.jobs.job:run_job"),
        (
            triggerer,
            "airflow.cli.commands.triggerer_command:_serve_logs",
            "airflow.cli.commands.triggerer_command:_serve_logs",
        ),
        (dag_processor, "airflow.dag_processing.manager:DagFileProcessorManager.load_dag_bundles", "_dag_bundles"),
        (memory, "airflow.sdk.execution_time.task_runner:SUPERVISOR_COMMS", "airflow.sdk.execution_time:task_runner"),
        (runs, "airflow.models.dagbag:DBDagBag.get_dag", "airflow.models.dagbag:DBDagBag.get_dag or "),
        (fast_path, "airflow.models.dagrun:DagRun.schedule_tis", "airflow.models.dagrun:DagRun.schedule_tis"),
        (
            fast_path,
            "airflow.models.dagbag:CachedDBDagBag.__init__",
            "airflow.models.dagbag:CachedDBDagBag.__init__",
        ),
        (
            clearing,
            "airflow.models.taskinstance:clear_task_instances",
            "airflow.models.taskinstance:clear_task_instances",
        ),
    ],
)
def test_a_part_that_is_left_out_is_missed(module, part, told):
    """What is overridden, called on oneself, imported, private, an attribute of Airflow's own, or undocumented."""
    parts = [each for each in read_parts() if each.name != part]
    if told == "_dag_bundles":
        parts = [each for each in parts if not each.name.startswith("airflow.dag_processing.manager")]

    assert f": {told}" in "\n".join(unlisted_in(module, Known(parts)))


def test_private_names_of_other_packages_are_not_airflows():
    """The list is of Airflow alone."""
    assert [] == unlisted_in(shared_breaker, Known([]))


def test_a_part_says_what_is_relied_on():
    """In a sentence; and it was read once."""
    for part in read_parts():
        assert part.relied_on.endswith("."), part.name
        assert len(part.sha256) == 64, part.name
