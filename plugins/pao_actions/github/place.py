"""Where GitHub is: github.com, Enterprise Cloud with data residency, or an Enterprise Server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from catalog_compiler.actions import Connection
from pao_actions.exceptions import PermanentError
from pao_actions.http_connection import split_url

_CLOUD = "https://api.github.com"
_CLOUD_HOSTS = frozenset({"github.com", "www.github.com", "api.github.com"})
_RESIDENCY = ".ghe.com"
_SCHEMES = ("http", "https")


def api_base(connection: Connection) -> str:
    """The root of the REST API that a connection means, without a slash at its end.

    Raises:
        PermanentError: if the connection's host is no host.
    """
    if not connection.host:
        return _CLOUD
    scheme = connection.schema if connection.schema in _SCHEMES else "https"
    parts = split_url(connection.host if "://" in connection.host else f"{scheme}://{connection.host}")
    name = parts.hostname or ""
    if not name or parts.scheme not in _SCHEMES:
        raise PermanentError(
            f"connection '{connection.id}' has the host '{connection.host}', where no GitHub can be; write "
            "'https://github.example.com', or leave it empty for github.com"
        )
    if name in _CLOUD_HOSTS:
        return _CLOUD
    if name.endswith(_RESIDENCY):
        return f"https://api.{name.removeprefix('api.')}"
    port = parts.port or connection.port
    host = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/') or '/api/v3'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository by its owner and name."""

    owner: str
    name: str

    @classmethod
    def of(cls, text: str, connection: Connection) -> Repository:
        """The repository of a config; one without an owner is the connection's (`owner` in extra, or its login).

        Raises:
            PermanentError: if nobody names the owner.
        """
        owner, slash, name = text.rpartition("/")
        if not slash:
            named = connection.extra.get("owner") or connection.login
            if not named:
                raise PermanentError(
                    f"the repository '{text}' names no owner, and neither does connection '{connection.id}'; write "
                    "'owner/name', or set 'owner' in the connection's extra"
                )
            owner = str(named)
        return cls(owner=owner, name=name)

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/repos/{quote(self.owner, safe='')}/{quote(self.name, safe='')}"
