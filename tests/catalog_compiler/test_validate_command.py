"""`pao validate`: what is validated, where the report goes, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog_compiler.cli import main

MINIMAL = (Path(__file__).parents[1] / "catalog" / "valid" / "minimal.yaml").read_text()


@pytest.fixture
def repository(tmp_path):
    """A catalog repository with one valid item."""
    root = tmp_path / "repository"
    (root / "catalog" / "compute").mkdir(parents=True)
    (root / "catalog" / "compute" / "gpu.yaml").write_text(MINIMAL)
    return root


def test_a_valid_repository_ends_with_0(repository, capsys):
    """A summary is printed, nothing else."""
    assert 0 == main(["validate", str(repository)])
    assert "valid: 1 item, 0 errors, 0 warnings\n" == capsys.readouterr().out


def test_the_current_folder_is_the_default(repository, capsys, monkeypatch):
    """As in a team's CI, which runs it at the root."""
    monkeypatch.chdir(repository)

    assert 0 == main(["validate"])


def test_errors_end_with_1_and_are_printed(repository, capsys):
    """The report is on standard output, also where it is bad news."""
    (repository / "catalog" / "b.yaml").write_text("header: []\n")

    assert 1 == main(["validate", str(repository)])
    assert "catalog/b.yaml:1:9: error[wrong-type]" in capsys.readouterr().out


def test_warnings_alone_end_with_0(repository):
    """A warning keeps nothing from being served."""
    (repository / "catalog" / "compute" / "gpu.yaml").write_text(MINIMAL.replace("name: GPU hours", "name: 7"))

    assert 0 == main(["validate", str(repository)])


def test_machines_get_json(repository, capsys):
    """The whole output is one JSON document."""
    assert 0 == main(["validate", str(repository), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["valid"] is True


@pytest.mark.parametrize("part", ["catalog/compute/gpu.yaml", "catalog/compute", "catalog"])
def test_a_part_is_validated_with_the_settings_of_its_repository(repository, capsys, part):
    """Paths in the report count from the repository's root, however the part is named."""
    (repository / ".pao.yaml").write_text("categories: [gpus]\n")

    assert 1 == main(["validate", str(repository / part), "--format", "json"])

    (problem,) = json.loads(capsys.readouterr().out)["errors"]
    assert ("catalog/compute/gpu.yaml", "/header/category") == (problem["file"], problem["pointer"])


def test_a_file_outside_of_any_repository_can_be_validated(tmp_path):
    """For trying an item out."""
    file = tmp_path / "gpu.yaml"
    file.write_text(MINIMAL)

    assert 0 == main(["validate", str(file)])


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_what_cannot_run_ends_with_2_and_a_sentence(tmp_path, capsys, name):
    """A wrong path in CI must not look like a valid catalog."""
    (tmp_path / "empty").mkdir()

    assert 2 == main(["validate", str(tmp_path / name)])

    output = capsys.readouterr()
    assert output.err.startswith("pao validate: ")
    assert name in output.err
    assert "" == output.out
