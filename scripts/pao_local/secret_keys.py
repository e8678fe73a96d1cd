"""The random keys and passwords of a local stack, made once and kept in `.pao/secrets.json`."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from cryptography.fernet import Fernet

from pao_local.errors import StartError


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretKeys:
    """All secrets of one local stack."""

    airflow_fernet_key: str
    pao_fernet_key: str
    api_secret_key: str
    jwt_secret: str
    admin_password: str
    operator_password: str
    developer_password: str
    service_api_key: str
    """Of the service principal: the DAGs' and callbacks' own."""
    client_api_key: str
    """The one in `credentials.json`, for people and scripts."""
    target_token: str


def load_or_make(path: Path) -> SecretKeys:
    """The keys kept in that file; what is missing there is made and stored, readable by the owner alone."""
    stored = _stored(path)
    keys = SecretKeys(**{field.name: stored.get(field.name) or _new(field.name) for field in fields(SecretKeys)})
    if asdict(keys) != stored:
        write_private_json(path, asdict(keys))
    return keys


def write_private_json(path: Path, value: object) -> None:
    """Replace the file in one go, with mode 0600 from its first byte on."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(value, indent=2) + "\n")
    draft.replace(path)


def _stored(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StartError(
            f"{path} is not JSON any more ({error}); restore it, or start anew: make stop, then delete {path.parent}"
        ) from error
    return {str(key): str(value) for key, value in content.items()}


def _new(name: str) -> str:
    if name.endswith("fernet_key"):
        return Fernet.generate_key().decode()
    if name.endswith("api_key"):
        return f"pao_{secrets.token_urlsafe(32)}"
    return secrets.token_urlsafe(18 if name.endswith("password") else 32)
