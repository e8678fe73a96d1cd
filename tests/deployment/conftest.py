"""The environment that `make run` uses, and the deployment files as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pao_local.catalog_source import CatalogSource
from pao_local.environment import airflow_environment
from pao_local.secret_keys import load_or_make
from pao_local.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def local_environment(tmp_path: Path) -> dict[str, str]:
    settings = Settings(root=ROOT, state=tmp_path, port=8080, catalog="")
    source = CatalogSource(url="https://git.example.com/catalog.git", branch="main")
    keys = load_or_make(tmp_path / "secrets.json")
    environment = airflow_environment(settings, keys, source, "postgresql+psycopg2:///local")
    return {name: value for name, value in environment.items() if name.startswith("AIRFLOW")}


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yaml").read_text())


@pytest.fixture(scope="session")
def helm_values() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "helm-values.yaml").read_text())
