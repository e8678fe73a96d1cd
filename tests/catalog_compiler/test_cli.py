"""The command `pao`: it finds its subcommands by entry points and loads only the one that is used."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from catalog_compiler import cli


@pytest.fixture
def commands(monkeypatch):
    """Replaces what is installed by these entry points."""

    def install(**values: str) -> None:
        found = EntryPoints(EntryPoint(name=name, value=value, group="pao.commands") for name, value in values.items())
        monkeypatch.setattr(cli, "entry_points", lambda **_: found)

    return install


def test_help_lists_the_commands(commands, capsys):
    """Each with its sentence."""
    commands(validate="catalog_compiler.commands.validate:command")

    with pytest.raises(SystemExit) as stopped:
        cli.main(["--help"])

    assert 0 == stopped.value.code
    assert "check a catalog and report everything that is wrong with it" in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(commands, capsys):
    """And the exit status says that nothing ran."""
    commands(validate="catalog_compiler.commands.validate:command")

    assert 2 == cli.main([])
    assert "validate" in capsys.readouterr().out


def test_an_unknown_command_is_refused(commands, capsys):
    """With the ones there are."""
    commands(validate="catalog_compiler.commands.validate:command")

    with pytest.raises(SystemExit) as stopped:
        cli.main(["valdate"])

    assert 2 == stopped.value.code
    assert "invalid choice: 'valdate'" in capsys.readouterr().err


def test_a_command_that_needs_airflow_says_so_without_it(commands, capsys, monkeypatch):
    """In a light install the command is listed, and refuses to run in one sentence."""
    monkeypatch.setitem(sys.modules, "airflow", None)
    commands(upgrade="airflow.of_this_test:command", validate="catalog_compiler.commands.validate:command")

    assert 2 == cli.main(["upgrade"])
    assert (
        "pao upgrade: it needs Apache Airflow, which is not installed here;"
        " install platform-automation-orchestrator[airflow]\n"
    ) == capsys.readouterr().err
    assert 2 == cli.main([])
    assert "not available: it needs Apache Airflow" in " ".join(capsys.readouterr().out.split())


def test_a_command_that_is_used_loads_no_other(commands, tmp_path, capsys):
    """So that validating stays quick where Airflow is installed."""
    commands(broken="no_such_module:command", validate="catalog_compiler.commands.validate:command")

    assert 2 == cli.main(["validate", str(tmp_path)])
    assert "no_such_module" not in sys.modules
