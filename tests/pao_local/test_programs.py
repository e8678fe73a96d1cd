"""supervisord's configuration: all programs, all restarted, no secret."""

from __future__ import annotations

import configparser
import dataclasses
from pathlib import Path

import pytest
from pao_local.catalog_source import CatalogSource
from pao_local.daemons import Daemons
from pao_local.programs import AIRFLOW_PROGRAMS, Program, stack_programs, supervisor_config
from pao_local.settings import Settings

SOURCE = CatalogSource(url="/catalogs/main", branch="main")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=Path("/srv/pao"), state=tmp_path, port=8080, catalog="")


def parse(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return parser


def test_the_four_processes_of_airflow_and_the_target_are_kept_running(settings):
    """What dies is started again."""
    config = parse(supervisor_config(settings, stack_programs(settings, SOURCE)))

    programs = [section for section in config.sections() if section.startswith("program:")]
    assert [f"program:{name}" for name in (*AIRFLOW_PROGRAMS, "target")] == programs
    assert {"true"} == {config[program]["autorestart"] for program in programs}
    assert all(config[program]["stdout_logfile_maxbytes"] for program in programs)


def test_whoever_orders_gets_the_answer_first(settings):
    """What works in the background steps back where the processors are all at work; the API server does not."""
    config = parse(supervisor_config(settings, stack_programs(settings, SOURCE)))

    commands = {name: config[f"program:{name}"]["command"] for name in AIRFLOW_PROGRAMS}
    behind = {name for name, command in commands.items() if command.startswith("nice -n ")}
    assert {"scheduler", "triggerer", "dag-processor"} == behind


def test_a_stack_may_have_several_schedulers_and_triggerers(settings):
    """Ours and Airflow's own, in the order that is asked for."""
    several = dataclasses.replace(settings, daemons=Daemons(triggerers=("airflow", "pao"), schedulers=2))

    programs = {program.name: program.command for program in stack_programs(several, SOURCE)}

    assert programs["scheduler"] == programs["scheduler-2"]
    assert (settings.bin / "airflow", settings.bin / "pao") == tuple(
        Path(programs[name][0]) for name in ("triggerer", "triggerer-2")
    )


def test_a_plain_catalog_folder_has_a_watcher(settings):
    """Saved files are committed while the stack runs."""
    source = CatalogSource(url="/private.git", branch="main", watched=Path("/my/catalog"))

    names = [program.name for program in stack_programs(settings, source)]

    assert names[-1] == "catalog-watch"


def test_percent_signs_and_spaces_in_paths_survive(settings):
    """Supervisord expands `%` and splits commands like a shell."""
    program = Program(name="odd", command=("/a b/50%/run",))

    config = parse(supervisor_config(settings, [program]))

    assert config["program:odd"]["command"] == "'/a b/50%%/run'"
