"""How git signs in: over http by a password, over ssh by a key, each from an Airflow connection."""

from __future__ import annotations

import json
import os

import pytest

from catalog_compiler.airflow.access import SILENCE, Access, RepositoryError
from catalog_compiler.airflow.repository import Repository
from tests.catalog_compiler.airflow.git_servers import PASSWORD, USER, http_server

LIMITS = f"-o ConnectTimeout={SILENCE} -o ServerAliveInterval=5 -o ServerAliveCountMax=3"


@pytest.fixture
def connection(monkeypatch):
    """Sets the Airflow connection `catalog_git`."""

    def setting(**parts):
        monkeypatch.setenv("AIRFLOW_CONN_CATALOG_GIT", json.dumps({"conn_type": "git", **parts}))

    return setting


@pytest.fixture
def served(origin):
    """The repository `origin` over http, behind a password."""
    with http_server(str(origin.folder.parent)) as url:
        yield f"{url}/{origin.folder.name}/.git"


def clone(tmp_path, **where):
    return Repository(folder=tmp_path / "clone.git", access=Access(**where))


def test_a_password_comes_from_the_connection(origin, served, connection, tmp_path):
    """The connection may also say where the repository is."""
    commit = origin.commit({"catalog/a.yaml": "1"})
    connection(host=served, login=USER, password=PASSWORD)

    for number, where in enumerate(({}, {"repo_url": served})):
        repository = clone(tmp_path / str(number), git_conn_id="catalog_git", **where)
        repository.fetch()
        assert commit == repository.resolve("main")


@pytest.mark.parametrize("password", ["wrong-secret", None])
def test_a_wrong_password_is_a_sentence(origin, served, connection, tmp_path, password):
    """And the password is not in it."""
    origin.commit({"catalog/a.yaml": "1"})
    connection(host=served, login=USER, password=password)

    with pytest.raises(RepositoryError, match=f"^git could not read {served}: fatal: ") as error:
        clone(tmp_path, git_conn_id="catalog_git").fetch()

    assert "wrong-secret" not in str(error.value)


def test_a_corrected_connection_is_found(origin, served, connection, tmp_path):
    """Once the failure of the one before is forgotten."""
    commit = origin.commit({"catalog/a.yaml": "1"})
    connection(host=served, login=USER, password="wrong")
    access = Access(git_conn_id="catalog_git")
    repository = Repository(folder=tmp_path / "clone.git", access=access)
    with pytest.raises(RepositoryError):
        repository.fetch()
    connection(host=served, login=USER, password=PASSWORD)
    access.forget()
    repository.fetch()

    assert commit == repository.resolve("main")


def test_no_other_process_inherits_the_password(connection):
    """The DAG processor starts processes while a fetch is on its way."""
    connection(host="https://git.example.com/c.git", login=USER, password=PASSWORD)
    before = dict(os.environ)
    with Access(git_conn_id="catalog_git").environment() as environment:
        assert PASSWORD in environment.values()
        assert before == dict(os.environ)

    assert before == dict(os.environ)


def test_a_key_comes_from_the_connection(origin, connection, tmp_path, monkeypatch):
    """With the options of the connection, and limits to how long ssh waits for a silent host."""
    commit = origin.commit({"catalog/a.yaml": "1"})
    ssh, heard = tmp_path / "bin/ssh", tmp_path / "heard"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\necho "$@" > {heard}\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    connection(
        host=f"git@git.example.com:{origin.folder}",
        extra={"key_file": "/keys/deploy", "known_hosts_file": "/keys/known", "strict_host_key_checking": "yes"},
    )
    repository = clone(tmp_path, git_conn_id="catalog_git")
    repository.fetch()

    assert commit == repository.resolve("main")
    said = heard.read_text()
    for option in (
        "-i /keys/deploy",
        "-o IdentitiesOnly=yes",
        "-o StrictHostKeyChecking=yes",
        "-o UserKnownHostsFile=/keys/known",
        LIMITS,
        "git@git.example.com git-upload-pack",
    ):
        assert option in said


@pytest.mark.parametrize(
    ("set_by_hand", "expected"),
    [
        ({}, f"ssh {LIMITS}"),
        ({"GIT_SSH_COMMAND": "ssh -i '/a key'"}, f"ssh -i '/a key' {LIMITS}"),
        ({"GIT_SSH_COMMAND": "/opt/putty/plink -batch"}, "/opt/putty/plink -batch"),
        ({"GIT_SSH": "/opt/plink"}, None),
    ],
)
def test_ssh_waits_for_no_silent_host(monkeypatch, set_by_hand, expected):
    """What the machine's own settings say stays; another program than ssh has other options."""
    for name, value in set_by_hand.items():
        monkeypatch.setenv(name, value)
    with Access(repo_url="git@git.example.com:c.git").environment() as environment:
        assert expected == environment.get("GIT_SSH_COMMAND")


def test_a_connection_that_is_not_there_is_a_sentence(database):
    """It names the connection, and what to do."""
    access = Access(git_conn_id="not_there")

    with pytest.raises(RepositoryError, match=r"the git connection 'not_there' can't be used: .*; correct it in Airf"):
        assert access.url
    assert "the repository of the git connection 'not_there'" == access.shown


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "names no repository; give its host, or the catalog's repo_url"),
        ({"host": "https://h/c.git", "extra": {"key_file": "/k", "private_key": "k"}}, "cannot be provided at the sam"),
        (
            {"host": "git@h:c.git", "extra": {"key_file": "/k", "strict_host_key_checking": "perhaps"}},
            "Invalid strict_host_key_checking value: 'perhaps'",
        ),
    ],
)
def test_a_connection_that_is_wrong_is_a_sentence(connection, tmp_path, parts, said):
    """As the first look at the repository finds it."""
    connection(**parts)

    with pytest.raises(RepositoryError, match=f"^the git connection 'catalog_git' .*{said}"):
        clone(tmp_path, git_conn_id="catalog_git").fetch()
