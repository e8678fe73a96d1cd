"""Calls git without anything of the caller's own git set-up that could change what it does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pao_local.errors import MissingToolError

IDENTITY = {
    "GIT_AUTHOR_NAME": "pao",
    "GIT_AUTHOR_EMAIL": "pao@localhost",
    "GIT_COMMITTER_NAME": "pao",
    "GIT_COMMITTER_EMAIL": "pao@localhost",
}
OF_A_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)
"""Variables that a git hook has set, and that would make a start out of one work on the hook's repository."""
TIMEOUT = 60.0
"""Seconds; only `ls-remote` of a repository elsewhere can take long."""


class GitError(Exception):
    """Git refused; the text is its reason."""


def git(*arguments: str | Path, extra: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """What the command prints, stripped; raises `GitError` with git's own words where it fails."""
    inherited = {name: value for name, value in os.environ.items() if name not in OF_A_REPOSITORY}
    environment = {**inherited, **IDENTITY, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(extra or {})}
    command = ["git", "-c", "core.autocrlf=false", *map(str, arguments)]
    try:
        done = subprocess.run(
            command, env=environment, input=stdin, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        raise MissingToolError("git") from error
    except subprocess.TimeoutExpired as error:
        raise GitError(f"no answer within {TIMEOUT:.0f} s") from error
    if done.returncode:
        raise GitError(_reason(done.stderr))
    return done.stdout.strip()


def _reason(printed: str) -> str:
    """The line that says what is wrong, out of git's advice."""
    lines = printed.strip().splitlines() or ["git failed without a word"]
    return next((line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")), lines[0])
