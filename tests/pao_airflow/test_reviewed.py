"""What rests on Airflow's internals runs with a version that was reviewed; with another, Airflow's commands do."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
from airflow.cli import cli_parser
from pao_airflow import reviewed
from pao_airflow.reviewed import REVIEWED, is_reviewed, unreviewed

from catalog_compiler.cli import main

NEWER = {
    "apache-airflow-core": frozenset({"99.0.0"}),
    "apache-airflow-task-sdk": frozenset({version("apache-airflow-task-sdk")}),
}


class BecameError(Exception):
    """The process would be another one now."""


@pytest.fixture
def became(monkeypatch):
    """With an Airflow that was not reviewed: what this process would have become."""
    found: list[list[str]] = []

    def become(program, arguments):
        assert sys.executable == program
        found.append(arguments)
        raise BecameError

    monkeypatch.setattr(reviewed, "REVIEWED", NEWER)
    monkeypatch.setattr(os, "execv", become)
    return found


def test_what_is_installed_is_reviewed():
    """After an upgrade: `scripts/reviewed` says what to read anew; then add the versions to REVIEWED."""
    assert {} == unreviewed()
    assert is_reviewed()


@pytest.mark.parametrize("found", ["99.0.0", "3.3.1", "3.3.2+vendor.1", "3.3.2rc1", "none"])
def test_any_other_version_of_either_package_is_not(monkeypatch, found):
    """The same number with something added is another build."""
    for package in REVIEWED:
        monkeypatch.setattr(reviewed, "version", lambda name, of=package: found if name == of else version(name))

        assert {package: found} == unreviewed()
        assert not is_reviewed()


def test_a_package_that_is_not_there_is_not(monkeypatch):
    """Airflow may be divided into packages anew."""
    monkeypatch.setattr(reviewed, "REVIEWED", {"apache-airflow-of-tomorrow": frozenset({"1.0"})})

    assert {"apache-airflow-of-tomorrow": "none"} == unreviewed()


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        (["triggerer"], {"capacity": None, "skip_serve_logs": False}),
        (["triggerer", "--capacity", "7", "-s"], {"capacity": 7, "skip_serve_logs": True}),
        (["dag-processor"], {"bundle_name": None}),
        (["dag-processor", "-B", "default", "-B", "staging"], {"bundle_name": ["default", "staging"]}),
    ],
)
def test_airflows_own_command_runs_in_its_place_with_the_same_options(became, capsys, given, understood):
    """And it is said why, what was tested, and what to do."""
    with pytest.raises(BecameError):
        main(given)

    (arguments,) = became
    assert [sys.executable, "-P", "-m", "airflow", given[0]] == arguments[:5]
    read = vars(cli_parser.get_parser().parse_args(arguments[4:]))
    assert understood == {name: read[name] for name in understood}
    said = capsys.readouterr().out
    for part in (f"pao {given[0]} was not tested", f"'airflow {given[0]}' runs in its place", "99.0.0", "3.3.2"):
        assert part in said


def test_the_commands_import_nothing_of_airflow_before_they_have_looked():
    """On another version an import may fail already."""
    imported = "import sys, pao_airflow.commands; print([name for name in sys.modules if name.startswith('airflow')])"

    found = subprocess.run([sys.executable, "-c", imported], check=True, capture_output=True, text=True)

    assert "[]" == found.stdout.strip()
