"""`docker-compose.yaml` is valid, runs every process in the right order, and holds no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
from jsonschema import Draft7Validator
from pao_local.credentials import accounts as local_accounts
from pao_local.secret_keys import load_or_make

ROOT = Path(__file__).resolve().parents[2]
AIRFLOW = ("api-server", "scheduler", "triggerer", "dag-processor", "worker")


def secrets_of(text: str) -> set[str]:
    """The variables whose absence stops `docker compose` with a sentence."""
    return set(re.findall(r"\$\{([A-Z_]+):\?set \1 in \.env\}", text))


def test_it_fits_the_compose_specification(compose):
    """By the schema that check-jsonschema ships."""
    vendor = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor"
    schema = json.loads((vendor / "compose-spec.json").read_text())

    problems = [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(compose)]

    assert problems == []


@pytest.mark.parametrize("service", AIRFLOW)
def test_each_process_is_checked_restarted_and_starts_after_the_migration(compose, service):
    """And writes its task logs where the API server reads them."""
    definition = compose["services"][service]

    assert definition["healthcheck"]["test"]
    assert definition["restart"] == "unless-stopped"
    assert definition["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert "logs:/opt/airflow/logs" in definition["volumes"]
    assert "files:/opt/airflow/files" in definition["volumes"]


def test_the_migration_runs_once_and_makes_the_accounts(compose):
    """As a service that ends."""
    migrate = compose["services"]["migrate"]

    assert migrate["restart"] == "no"
    assert "airflow db migrate && " in migrate["command"][-1]
    assert "pao setup --accounts -" in migrate["command"][-1]


def test_no_secret_has_a_default(compose):
    """Each must be set in `.env`, and `.env.example` lists them all."""
    text = (ROOT / "docker-compose.yaml").read_text()
    example = (ROOT / ".env.example").read_text()

    required = secrets_of(text)

    secrets = {"JWT_SECRET", "API_SECRET_KEY", "AIRFLOW_FERNET_KEY", "PAO_FERNET_KEY", "POSTGRES_PASSWORD"}
    assert secrets | {"ADMIN_PASSWORD", "SERVICE_API_KEY", "CATALOG_URL"} == required
    assert required - set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) == set()


def test_what_can_be_set_is_in_the_example_of_env():
    """Everything that `docker-compose.yaml` reads, and nothing else."""
    lines = (ROOT / "docker-compose.yaml").read_text().splitlines()
    read = {name for line in lines if not line.startswith("#") for name in re.findall(r"(?<!\$)\$\{([A-Z_]+)", line)}

    assert read == set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_example_of_env_has_the_defaults():
    """Copying it changes nothing that is not filled in."""
    text = (ROOT / "docker-compose.yaml").read_text()
    defaults = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", text))
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert defaults == {name: example[name] for name in defaults}


def accounts(compose: dict[str, Any]) -> dict[str, Any]:
    filled = re.sub(r"\$\{[^}]*\}", "filled", compose["services"]["migrate"]["environment"]["PAO_ACCOUNTS"])
    return json.loads(filled)


def test_the_accounts_have_the_shape_of_the_local_starts(compose, tmp_path):
    """Both are read by `pao setup`."""
    there, here = accounts(compose), local_accounts(load_or_make(tmp_path / "secrets.json"))

    assert [set(here["users"][0])] == [set(user) for user in there["users"]]
    assert [here["api_keys"][0]["role"]] == [key["role"] for key in there["api_keys"]]
    assert [set(here["api_keys"][0])] == [set(key) for key in there["api_keys"]]


def test_workers_have_terraform(compose):
    """From its own image, by a build argument; what its runs share outlives a container, and is the user's."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    folder = compose["x-airflow-environment"]["AIRFLOW__PAO__TERRAFORM_FOLDER"]
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", dockerfile, re.MULTILINE)

    assert ("${TERRAFORM_IMAGE}", "terraform") == stages[0]
    assert "\nCOPY --from=terraform ${TERRAFORM} /usr/local/bin/\n" in dockerfile
    assert (
        dockerfile.index("\nUSER root")
        < dockerfile.index("\nCOPY --from=terraform")
        < dockerfile.index("\nUSER airflow")
    )
    assert "${TERRAFORM_IMAGE:-hashicorp/terraform:1.11.4}" == compose["x-airflow"]["build"]["args"]["TERRAFORM_IMAGE"]
    assert f"terraform:{folder}" in compose["services"]["worker"]["volumes"]
    assert re.search(rf"mkdir -p .*{folder}$", dockerfile, re.MULTILINE)
