"""The examples for CI: files that the services take, with commands that do what they promise."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CI = ROOT / "examples" / "ci"
MINIMAL = (ROOT / "tests" / "catalog" / "valid" / "minimal.yaml").read_text()


def content(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.fixture
def branch(tmp_path):
    """A clone on a branch that changes an item without raising its version."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    (origin / "catalog").mkdir(parents=True)
    (origin / "catalog" / "gpu.yaml").write_text(MINIMAL)
    git(origin, "init", "-q", "-b", "main")
    git(origin, "add", ".")
    git(origin, "commit", "-q", "-m", "first")
    git(tmp_path, "clone", "-q", str(origin), str(clone))
    git(clone, "checkout", "-q", "-b", "work")
    (clone / "catalog" / "gpu.yaml").write_text(MINIMAL.replace("GPU hours", "GPU time"))
    git(clone, "commit", "-q", "-am", "change")
    return clone


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True, timeout=30)
    return done.stdout.decode().strip()


def run(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of a job, with the installed `pao` first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("github-workflow.yaml", ["vendor.github-workflows"]),
        ("gitlab-ci.yaml", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_the_service_takes_the_file(file, arguments):
    """By the schemas that GitHub and GitLab publish."""
    command = [sys.executable, "-m", "check_jsonschema", CI / file, "--builtin-schema", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert 0 == done.returncode, done.stdout


def test_the_github_workflow_shows_warnings_and_fails_on_errors(branch):
    """At the lines of the pull request; a push is validated without a comparison."""
    steps = content(CI / "github-workflow.yaml")["jobs"]["validate"]["steps"]
    validate, compile_all = [step["run"] for step in steps if "pao " in step.get("run", "")]

    pull_request = run(validate, branch, TARGET="origin/main")
    assert 0 == pull_request.returncode
    assert "::warning file=catalog/gpu.yaml,line=5,col=12,title=version-not-raised::" in pull_request.stdout
    assert "0 warnings" in run(validate, branch, TARGET="").stdout
    assert "gpu-hours 0.1.0" in run(compile_all, branch).stdout

    (branch / "catalog" / "gpu.yaml").write_text(MINIMAL.replace("order: 1", "order: x", 1))
    assert 1 == run(validate, branch, TARGET="origin/main").returncode


def test_the_gitlab_job_keeps_a_report_and_fails_on_errors(branch):
    """The report is there in either case."""
    script = "\n".join(content(CI / "gitlab-ci.yaml")["validate-catalog"]["script"])
    base = git(branch, "rev-parse", "origin/main")

    assert "1 warning" in run(script, branch, CI_MERGE_REQUEST_DIFF_BASE_SHA=base).stdout
    assert 0 == run(script, branch).returncode

    (branch / "catalog" / "gpu.yaml").write_text(MINIMAL.replace("order: 1", "order: x", 1))
    assert 1 == run(script, branch, CI_MERGE_REQUEST_DIFF_BASE_SHA=base).returncode
    (result,) = json.loads((branch / "catalog.sarif").read_text())["runs"][0]["results"]
    assert "wrong-type" == result["ruleId"]


def test_the_pre_commit_hook_runs_for_what_makes_a_catalog(branch):
    """Once for the whole catalog, whatever files are about to be committed."""
    (hook,) = content(ROOT / ".pre-commit-hooks.yaml")
    (repository,) = content(CI / "pre-commit-config.yaml")["repos"]

    assert [hook["id"]] == [used["id"] for used in repository["hooks"]]
    assert hook["pass_filenames"] is False
    assert all(re.search(hook["files"], name) for name in (".pao.yaml", "catalog/a/b.yaml", "catalog/a.yml"))
    assert not re.search(hook["files"], "README.md")
    assert 0 == run(hook["entry"], branch).returncode
