"""The light install, as in a catalog repository's CI: no extras, no Airflow, seconds, and all commands for authors."""

from __future__ import annotations

import json

import pytest

from tests.light_environment import light_environment, pao, run

VALUES = {"database_name": "orders", "admin_password": "sesame-sesame"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment with nothing but the package and what it needs."""
    return light_environment(tmp_path_factory.mktemp("light"))


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


def test_requests_are_made_from_there(environment, tmp_path):
    """The commands that talk to the API are there, and say what is missing without a trace of Python."""
    done = run(environment / "bin" / "pao", "catalog", check=False, XDG_CONFIG_HOME=tmp_path, PAO_URL="", PAO_TOKEN="")

    assert (4, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("pao catalog: nobody is signed in; run 'pao login URL'")
    for name in ("login", "logout", "submit", "requests", "status", "logs", "retry", "rollback", "cancel", "escalate"):
        assert "--format" in pao(environment, name, "--help")
