"""Settings come from environment variables; what can't be used is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from pao_local.daemons import Daemons
from pao_local.errors import StartError
from pao_local.settings import Settings

ROOT = Path("/somewhere/pao")


def test_without_variables_the_example_catalog_is_served_on_8080():
    """Nothing needs to be set."""
    settings = Settings.from_environment({}, ROOT)

    assert settings.port == 8080
    assert settings.base_url == "http://localhost:8080"
    assert settings.target_port == 8081
    assert settings.state == ROOT / ".pao"
    assert settings.daemons == Daemons(triggerers=("pao",), schedulers=1)
    assert settings.catalog == "/somewhere/pao/examples/catalog"


def test_each_variable_changes_one_thing(tmp_path):
    """`PORT`, `CATALOG`, `CATALOGS`, `PAO_STATE`, `TRIGGERERS` and `SCHEDULERS` are the whole of it."""
    environ = {
        "PORT": "9000",
        "CATALOG": "https://git.example.com/catalog.git",
        "CATALOGS": "staging=/catalog#next  production=https://git.example.com/catalog.git#release",
        "PAO_STATE": str(tmp_path),
        "TRIGGERERS": "pao airflow",
        "SCHEDULERS": "2",
    }

    settings = Settings.from_environment(environ, ROOT)

    assert settings.port == 9000
    assert settings.catalog == "https://git.example.com/catalog.git"
    assert settings.state == tmp_path
    assert settings.daemons == Daemons(triggerers=("pao", "airflow"), schedulers=2)
    assert settings.catalogs == (
        ("staging", "/catalog#next"),
        ("production", "https://git.example.com/catalog.git#release"),
    )


@pytest.mark.parametrize("catalogs", ["staging", "=/c", "a=", "default=/c", "platform=/c", "Up=/c", "a=/c a=/d"])
def test_further_catalogs_have_names_of_their_own(catalogs):
    """One that is taken, or missing, is refused."""
    with pytest.raises(StartError, match="give each further catalog once, by a name of its own"):
        Settings.from_environment({"CATALOGS": catalogs}, ROOT)


@pytest.mark.parametrize(
    ("name", "value"),
    [("TRIGGERERS", "celery"), ("TRIGGERERS", "pao,airflow"), ("SCHEDULERS", "0"), ("SCHEDULERS", "many")],
)
def test_daemons_that_there_are_not_are_refused(name, value):
    """With an example of what there is."""
    with pytest.raises(StartError, match=f"{name} is '{value}'; .* such as {name}="):
        Settings.from_environment({name: value}, ROOT)


@pytest.mark.parametrize("port", ["http", "-1", "0", "65535", "80.5", "٨٠"])
def test_a_port_that_is_none_is_refused(port):
    """65535 is refused as well: the example target needs the next one."""
    with pytest.raises(StartError, match="give a number from 1 to 65534"):
        Settings.from_environment({"PORT": port}, ROOT)


def test_the_socket_of_a_deep_folder_is_in_a_short_one():
    """A socket's path may have 103 characters at most on macOS."""
    deep = Settings(root=ROOT, state=Path("/" + "deep/" * 40), port=8080, catalog="")
    shallow = Settings(root=ROOT, state=Path("/srv/pao"), port=8080, catalog="")

    assert len(str(deep.supervisor_socket)) < 104
    assert shallow.supervisor_socket == Path("/srv/pao/supervisor.sock")
