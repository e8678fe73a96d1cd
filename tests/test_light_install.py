"""The light install, as in a catalog repository's CI: no extras, no Airflow, seconds, and all commands for authors."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).parent / "uv"
PARTS = ("pyproject.toml", "README.md", "LICENSE", "catalog_compiler", "plugins", "api_plugin")
VALUES = {"database_name": "orders", "admin_password": "sesame-sesame"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment with nothing but the package and what it needs."""
    folder = tmp_path_factory.mktemp("light")
    # A copy, since building writes beside the sources.
    for part in PARTS:
        source, target = ROOT / part, folder / "source" / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(source, target)
    made = folder / "environment"
    run(UV, "venv", "--quiet", "--python", sys.executable, made)
    command = [UV, "pip", "install", "--quiet", "--python", made, "--constraint", ROOT / "requirements.txt"]
    # From uv's cache, which holds these versions wherever uv installed the tests; only a cold one asks the index.
    if run(*command, "--offline", folder / "source", check=False).returncode:
        run(*command, folder / "source")
    return made


def run(*command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT / "examples" / "catalog",
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def pao(environment: Path, *arguments: object, status: int = 0) -> str:
    done = run(environment / "bin" / "pao", *arguments, check=False)
    assert status == done.returncode, done.stderr
    return done.stdout


def test_airflow_is_not_there(environment):
    """Or the others would prove nothing."""
    done = run(environment / "bin" / "python", "-c", "import airflow", check=False)

    assert "No module named 'airflow'" in done.stderr


def test_the_example_catalog_is_validated(environment):
    """With every format."""
    assert "0 errors" in pao(environment, "validate")
    assert "0 errors" in pao(environment, "validate", "--format", "github")
    assert json.loads(pao(environment, "validate", "--format", "json"))["valid"]
    assert "2.1.0" == json.loads(pao(environment, "validate", "--format", "sarif"))["version"]


def test_items_are_compiled_and_previewed(environment, tmp_path):
    """As text and as JSON."""
    fields = tmp_path / "fields.json"
    fields.write_text(json.dumps(VALUES))

    assert "database-postgresql" in pao(environment, "compile")
    assert "/v1/dns/orders" in pao(environment, "preview", "database-postgresql", "--fields", fields)
    assert "is required" in pao(environment, "preview", "database-postgresql", status=1)


def test_a_new_item_is_valid(environment, tmp_path):
    """From nothing to a file that can be served."""
    file = tmp_path / "cache.yaml"

    pao(environment, "new", "cache", "--type", "rest-api", "--output", file)

    assert "valid: 1 item" in pao(environment, "validate", file)


def test_editors_get_the_schema(environment):
    """With the action types that are installed."""
    assert "config.rest-api" in json.loads(pao(environment, "schema"))["definitions"]


def test_what_needs_airflow_says_so(environment):
    """In the list of commands, and by its exit status."""
    assert "needs Apache Airflow" in " ".join(pao(environment, "--help").split())
    pao(environment, "setup", status=2)
