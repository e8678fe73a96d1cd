"""Who is signed in where: a file that its user alone can read, and the environment, which counts before it."""

from __future__ import annotations

import datetime as dt
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from api_plugin.clock import utc_now

URL_VARIABLE, TOKEN_VARIABLE = "PAO_URL", "PAO_TOKEN"
LOCAL_START = "http://localhost:8080"
"""Where `make run` serves: what messages name as an example."""


class NotSignedInError(Exception):
    """There is no sign-in to use; the message says what to do."""


class CredentialFileError(Exception):
    """The file can't be read or written; the message says why."""


class Credential(BaseModel):
    """A sign-in at one deployment."""

    model_config = ConfigDict(frozen=True)

    url: str
    token: str
    """A JWT, or an API key."""
    user: str | None = None
    expires_at: dt.datetime | None = None
    """None where the token does not say."""


class Credentials(BaseModel):
    """What the file holds: a sign-in for each deployment, and the one that is meant where none is named."""

    model_config = ConfigDict(frozen=True)

    current: str | None = None
    deployments: dict[str, Credential] = {}

    def kept(self, credential: Credential) -> Credentials:
        """With one more, which is the current one from now on."""
        return Credentials(current=credential.url, deployments={**self.deployments, credential.url: credential})

    def without(self, url: str) -> Credentials:
        """Without that deployment's."""
        rest = {each: credential for each, credential in self.deployments.items() if each != url}
        current = self.current if self.current != url else next(iter(rest), None)
        return Credentials(current=current, deployments=rest)


def credential_path(environ: Mapping[str, str]) -> Path:
    """Where the file is: in the user's configuration folder."""
    folder = environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "pao" / "credentials.json"


def read_credentials(path: Path) -> Credentials:
    """What the file holds; nothing where there is none. Raises CredentialFileError."""
    try:
        return Credentials.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Credentials()
    except OSError as error:
        raise CredentialFileError(f"'{path}' can't be read: {error.strerror}") from error
    except ValidationError as error:
        raise CredentialFileError(f"'{path}' is not what pao wrote; delete it, and sign in again") from error


def write_credentials(path: Path, credentials: Credentials) -> None:
    """Write the file anew, for its owner alone from its first byte on. Raises CredentialFileError."""
    try:
        path.parent.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".credentials-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(credentials.model_dump_json(indent=2) + "\n")
            Path(name).replace(path)
        except OSError:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise CredentialFileError(f"'{path}' can't be written: {error.strerror}") from error


def find_credential(url: str | None, environ: Mapping[str, str]) -> Credential:
    """The sign-in to use; raises NotSignedInError, and CredentialFileError.

    A token is sent to no other deployment than the one that it is for.
    """
    kept = read_credentials(credential_path(environ))
    wanted = url or environ.get(URL_VARIABLE) or kept.current
    if wanted is None:
        raise NotSignedInError(f"nobody is signed in; run 'pao login URL', for example 'pao login {LOCAL_START}'")
    wanted = normal_url(wanted)
    if token := environ.get(TOKEN_VARIABLE):
        return Credential(url=wanted, token=token)
    found = kept.deployments.get(wanted)
    if found is None:
        raise NotSignedInError(f"nobody is signed in at {wanted}; run 'pao login {wanted}'")
    if found.expires_at is not None and found.expires_at <= utc_now():
        raise NotSignedInError(f"the sign-in at {wanted} has expired; run 'pao login {wanted}' again")
    return found


def normal_url(text: str) -> str:
    """A deployment's URL as it is kept; raises ValueError, with a message for people, where it is none."""
    given = text if "://" in text else f"https://{text}"
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"'{text}' is not the address of a deployment; write it as in {LOCAL_START}")
    if parts.username or parts.password:
        raise ValueError("leave the user and the password out of the address; they are asked for")
    path = parts.path.rstrip("/").removesuffix("/api/v1")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"
