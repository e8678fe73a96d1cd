"""`pao validate`: what is validated, where the report goes, and the exit status."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from catalog_compiler import catalog as catalog_module
from catalog_compiler import since as since_module
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


@pytest.mark.parametrize("part", ["catalog/compute/gpu.yaml", "catalog/compute", "."])
def test_an_id_that_another_file_has_shows_in_a_part_too(repository, capsys, part):
    """The part's file is told, and nothing else that is wrong with the others, which a part is not about."""
    (repository / "catalog" / "copy.yaml").write_text("header: {id: gpu-hours}\n")
    (repository / "catalog" / "wrong.yaml").write_text("header: {id: wrong}\n")

    assert 1 == main(["validate", str(repository / part), "--format", "json"])

    errors = json.loads(capsys.readouterr().out)["errors"]
    (problem,) = [problem for problem in errors if problem["file"] == "catalog/compute/gpu.yaml"]
    assert "duplicate-id" == problem["code"]
    assert problem["message"].startswith("the id 'gpu-hours' is also in catalog/copy.yaml;")
    assert (part == ".") == (len(errors) > 1)


def compiled_files(monkeypatch):
    """The paths that are compiled from now on."""
    paths = []
    for module in (catalog_module, since_module):

        def noting(content, file, *args, compile_one=module.compile_item):
            paths.append(file)
            return compile_one(content, file, *args)

        monkeypatch.setattr(module, "compile_item", noting)
    return paths


def test_a_part_costs_what_is_in_it(committed, monkeypatch):
    """Of thousands of others, none is compiled: neither as it is, nor as it was."""
    for name in ("cpu-hours", "tpu-hours"):
        (committed / "catalog" / f"{name}.yaml").write_text(MINIMAL.replace("gpu-hours", name))
    git(committed, "add", ".")
    git(committed, "commit", "-q", "-m", "more")
    change(committed, "name: GPU hours", "name: GPU time")
    (committed / "catalog" / "cpu-hours.yaml").write_text(MINIMAL.replace("gpu-hours", "cpu-hours") + "\n")
    paths = compiled_files(monkeypatch)

    assert 0 == main(["validate", str(committed / "catalog" / "compute" / "gpu.yaml")])
    assert ["catalog/compute/gpu.yaml"] * 2 == paths


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


def git(root: Path, *arguments: str) -> None:
    """Run git there as somebody."""
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", root, *settings, *arguments], check=True, capture_output=True, timeout=30)


@pytest.fixture
def committed(repository):
    """The repository with its item in git, on the branch `main`."""
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "first")
    return repository


def change(root: Path, before: str, after: str) -> None:
    file = root / "catalog" / "compute" / "gpu.yaml"
    file.write_text(file.read_text().replace(before, after))


def test_uncommitted_changes_without_a_new_version_are_warned_of(committed, capsys):
    """Before the commit is the right moment to be told; a warning keeps nothing from being served."""
    change(committed, "name: GPU hours", "name: GPU time")

    assert 0 == main(["validate", str(committed)])
    assert (
        "catalog/compute/gpu.yaml:5:12: warning[version-not-raised]: the content of 'gpu-hours' changed, and its "
        "version is still 0.1.0; raise it\n"
    ) in capsys.readouterr().out


def test_a_branch_is_compared_with_where_it_left_its_target(committed, capsys):
    """What others merged meanwhile is not the branch's change, and what the branch committed is."""
    git(committed, "checkout", "-q", "-b", "work")
    change(committed, "type: integer", "type: number")
    git(committed, "commit", "-q", "-am", "change")
    git(committed, "checkout", "-q", "main")
    (committed / "catalog" / "other.yaml").write_text(MINIMAL.replace("gpu-hours", "other"))
    git(committed, "add", ".")
    change(committed, "version: 0.1.0", "version: 0.3.0")
    git(committed, "commit", "-q", "-am", "somebody else")
    git(committed, "checkout", "-q", "work")

    assert 0 == main(["validate", str(committed)])
    assert "0 warnings" in capsys.readouterr().out

    assert 0 == main(["validate", str(committed), "--since", "main", "--format", "json"])
    raised, broken = json.loads(capsys.readouterr().out)["warnings"]
    assert "the content of 'gpu-hours' changed, and its version is still 0.1.0; raise it" == raised["message"]
    assert "breaking-change" == broken["code"]


def test_a_file_that_moved_is_still_the_same_item(committed, capsys):
    """Items are found by their id."""
    change(committed, "name: GPU hours", "name: GPU time")
    git(committed, "mv", "catalog/compute/gpu.yaml", "catalog/gpu.yaml")

    assert 0 == main(["validate", str(committed)])
    assert "catalog/gpu.yaml:5:12: warning[version-not-raised]" in capsys.readouterr().out


def test_a_file_below_a_larger_repository_is_compared_with_its_own_past(tmp_path, capsys):
    """A catalog may be a folder of a repository with other things in it."""
    catalog = tmp_path / "services" / "catalog"
    catalog.mkdir(parents=True)
    (catalog / "gpu.yaml").write_text(MINIMAL)
    (tmp_path / "values.yaml").write_text("not: an item")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    (catalog / "gpu.yaml").write_text(MINIMAL.replace("GPU hours", "GPU time"))

    assert 0 == main(["validate", str(catalog / "gpu.yaml")])
    assert "1 warning" in capsys.readouterr().out


@pytest.mark.parametrize("ref", ["no-such-branch", "--all"])
def test_a_ref_that_is_not_there_ends_with_2(committed, capsys, ref):
    """A shallow clone in CI must not look like a catalog without changes."""
    assert 2 == main(["validate", str(committed), f"--since={ref}"])
    assert f"there is no commit '{ref}' here" in capsys.readouterr().err


def test_asking_for_changes_outside_of_git_ends_with_2(repository, capsys):
    """Without being asked, nothing is compared there."""
    assert 0 == main(["validate", str(repository)])
    assert 2 == main(["validate", str(repository), "--since", "main"])
    assert "cannot compare with 'main': not a git repository" in capsys.readouterr().err


def test_a_repository_without_a_commit_is_validated(repository):
    """There is nothing to compare with yet."""
    git(repository, "init", "-q")

    assert 0 == main(["validate", str(repository)])
