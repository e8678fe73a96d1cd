"""How git reaches a repository: its address and its credentials, from an Airflow connection of type git."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from catalog_compiler.actions import ActionContext, Connection
from pao_actions.exceptions import PermanentError
from pao_actions.http_call import find_connection
from pao_actions.terraform.addresses import is_url, url_problem
from pao_actions.terraform.config import DEFAULT_GIT_CONNECTION, TerraformConfig

_HELPER = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$PAO_GIT_USER" "$PAO_GIT_PASSWORD"; }; f'
"""Gives git the credentials from its environment: they stand in no argument, file or URL."""

_HOST_KEY_CHECKING = frozenset({"yes", "no", "accept-new", "off"})

_SETTINGS = {
    # A repository must not bring code that git runs, nor other repositories.
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "protocol.ext.allow": "never",
    # A clone that is shared is not packed anew while others read it.
    "gc.auto": "0",
    "maintenance.auto": "false",
    # A server that sends nothing for a minute is away.
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class GitAccess:
    """A repository's address, and the environment in which git may read it."""

    url: str
    environment: Mapping[str, str] = field(repr=False)


async def git_access(config: TerraformConfig, context: ActionContext, folder: Path) -> GitAccess:
    """Resolve an item's repository; `folder` takes a private key for the time of the run.

    Raises:
        PermanentError: if the connection is missing, or can't be used for this repository.
    """
    repository = config.repository or ""
    if config.connection is None and is_url(repository):
        return _access(repository, None, folder)
    connection = await find_connection(config.connection or DEFAULT_GIT_CONNECTION, context)
    if connection.password:
        context.secrets.add(connection.password)
    url = _joined(connection, repository)
    if problem := url_problem(url):
        raise PermanentError(f"connection '{connection.id}': {problem}")
    return _access(url, connection, folder)


def _joined(connection: Connection, repository: str) -> str:
    base = (connection.host or "").strip()
    if is_url(repository):
        if base and _origin(base) != _origin(repository):
            raise PermanentError(
                f"the repository is on another host than connection '{connection.id}', whose credentials must not go "
                "there; write its name, or name another connection"
            )
        return repository
    if not base:
        raise PermanentError(
            f"'{repository}' is a name, and connection '{connection.id}' has no host to complete it; give the "
            "connection a host such as 'https://github.com/acme', or write the repository's URL"
        )
    joint = "" if base.endswith(("/", ":")) else "/"
    return f"{base}{joint}{repository}"


def _origin(url: str) -> str:
    """By which credentials are kept to their host."""
    if "://" in url:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
    return url.partition(":")[0].rpartition("@")[2].lower() if not url.startswith("/") else "file"


def _access(url: str, connection: Connection | None, folder: Path) -> GitAccess:
    settings = dict(_SETTINGS)
    environment = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }
    if connection is not None and connection.password and url.startswith(("http://", "https://")):
        settings[f"credential.{_origin(url)}.helper"] = _HELPER
        environment |= {"PAO_GIT_USER": connection.login or "user", "PAO_GIT_PASSWORD": connection.password}
    environment["GIT_SSH_COMMAND"] = _ssh_command(connection, folder)
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    for position, (name, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{position}": name, f"GIT_CONFIG_VALUE_{position}": value}
    return GitAccess(url=url, environment=environment)


def _ssh_command(connection: Connection | None, folder: Path) -> str:
    extra = dict(connection.extra) if connection else {}
    name = connection.id if connection else ""
    if extra.get("private_key_passphrase"):
        raise PermanentError(f"connection '{name}' has a key with a passphrase; give Terraform's a key without one")
    checking = str(extra.get("strict_host_key_checking") or "accept-new")
    if checking not in _HOST_KEY_CHECKING:
        raise PermanentError(
            f"connection '{name}': 'strict_host_key_checking' is '{checking}'; write one of "
            f"{', '.join(sorted(_HOST_KEY_CHECKING))}"
        )
    parts = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15"]
    parts += ["-o", f"StrictHostKeyChecking={checking}"]
    if known_hosts := extra.get("known_hosts_file"):
        parts += ["-o", f"UserKnownHostsFile={known_hosts}"]
    key = extra.get("key_file")
    if private_key := extra.get("private_key"):
        file = folder / "key"
        file.touch(mode=0o600)
        file.write_text(f"{str(private_key).strip()}\n", encoding="utf-8")
        key = str(file)
    if key:
        parts += ["-i", str(key), "-o", "IdentitiesOnly=yes"]
    if port := extra.get("ssh_port"):
        parts += ["-p", str(port)]
    return shlex.join(parts)
