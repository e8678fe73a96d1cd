"""How a catalog repository is reached: its URL, and an Airflow git connection that signs in.

The connection is looked at when the repository is, not before: one that is missing, or wrong, is a failure like any
other of the repository, and heals once the connection is right.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

from airflow.providers.git.hooks.git import GitHook

from catalog_compiler.airflow.repository_url import without_sign_in

SILENCE = 15
"""Seconds for which the other side may say nothing before git gives up."""
_SLOWEST = 1000
"""Bytes a second; what is slower for `SILENCE` seconds counts as silent."""
_SSH_OPTIONS = (
    ("ConnectTimeout", SILENCE),
    ("ServerAliveInterval", SILENCE // 3),
    ("ServerAliveCountMax", 3),
)


class RepositoryError(Exception):
    """The repository can't be reached or read; the message is git's, with what to check."""


class Access:
    """Where the repository is, by its URL, by an Airflow git connection, or by both: then the connection signs in."""

    def __init__(self, *, repo_url: str | None = None, git_conn_id: str | None = None) -> None:
        """Name one of them at least; nothing is looked at yet."""
        self._repo_url = repo_url
        self._connection = git_conn_id
        self._hook: GitHook | None = None

    @property
    def url(self) -> str:
        """What git is told; it may hold how to sign in. Raises RepositoryError where the connection can't tell."""
        url = self._repo_url if self._connection is None else self._signing_in(self._connection).repo_url
        if not url:
            raise RepositoryError(
                f"the git connection '{self._connection}' names no repository; give its host, or the catalog's repo_url"
            )
        return url

    @property
    def shown(self) -> str:
        """The repository, for people: without how to sign in."""
        known = self._hook.repo_url if self._hook else self._repo_url
        return without_sign_in(str(known)) if known else f"the repository of the git connection '{self._connection}'"

    @contextmanager
    def environment(self) -> Iterator[dict[str, str]]:
        """The environment for a git command that talks to the repository; raises RepositoryError.

        How to sign in is in it, and in files that are there until the end, and never in this process's own environment:
        other processes that it starts meanwhile would inherit that.
        """
        if self._connection is None:
            yield _patient(dict(os.environ))
            return
        hook = self._signing_in(self._connection)
        before = dict(os.environ)
        try:
            context = hook.configure_hook_env()
            context.__enter__()
        except Exception as error:
            _set(os.environ, before)
            raise self._unusable(error) from error
        signed_in = {**os.environ, **hook.env}
        _set(os.environ, before)
        try:
            yield _patient(signed_in)
        finally:
            context.__exit__(None, None, None)

    def forget(self) -> None:
        """Look at the connection anew the next time: someone may have corrected it."""
        self._hook = None

    def _signing_in(self, connection: str) -> GitHook:
        if self._hook is None:
            try:
                self._hook = GitHook(git_conn_id=connection, repo_url=self._repo_url)
            except Exception as error:
                raise self._unusable(error) from error
        return self._hook

    def _unusable(self, error: Exception) -> RepositoryError:
        said = without_sign_in(str(error)).strip().rstrip(".") or type(error).__name__
        return RepositoryError(f"the git connection '{self._connection}' can't be used: {said}; correct it in Airflow")


def _set(environment: MutableMapping[str, str], wanted: dict[str, str]) -> None:
    for name in environment.keys() - wanted.keys():
        del environment[name]
    for name, value in wanted.items():
        if environment.get(name) != value:
            environment[name] = value


def _patient(environment: dict[str, str]) -> dict[str, str]:
    """With limits to how long git waits for another side that is silent; what is set already stays."""
    limits = {"GIT_HTTP_LOW_SPEED_LIMIT": str(_SLOWEST), "GIT_HTTP_LOW_SPEED_TIME": str(SILENCE)}
    ssh = environment.get("GIT_SSH_COMMAND") or ("" if "GIT_SSH" in environment else "ssh")
    return limits | environment | ({"GIT_SSH_COMMAND": _with_limits(ssh)} if ssh else {})


def _with_limits(ssh: str) -> str:
    """The command with our limits behind its own options: ssh takes the first of each. Other programs stay as is."""
    if Path(shlex.split(ssh)[0]).name != "ssh":
        return ssh
    return " ".join([ssh, *(f"-o {name}={value}" for name, value in _SSH_OPTIONS)])
