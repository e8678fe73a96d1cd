"""The accounts of a local stack, and the file that tells people how to sign in."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping

from pao_local.errors import StartError
from pao_local.secret_keys import SecretKeys, write_private_json
from pao_local.settings import Settings

SETUP_TIMEOUT = 180.0


def credentials(settings: Settings, keys: SecretKeys) -> dict[str, object]:
    """The content of `credentials.json`."""
    return {
        "base_url": settings.base_url,
        "admin": {"username": "admin", "password": keys.admin_password},
        "operator": {"username": "operator", "password": keys.operator_password},
        "developer": {"username": "developer", "password": keys.developer_password},
        "api_key": keys.client_api_key,
    }


def write_credentials(settings: Settings, keys: SecretKeys) -> None:
    """Write `credentials.json`, readable by its owner alone."""
    write_private_json(settings.credentials_file, credentials(settings, keys))


def accounts(keys: SecretKeys) -> dict[str, object]:
    """What `pao setup` is asked to make: three people, a service and a client."""
    return {
        "users": [
            _user("admin", "Ada", "Admin", keys.admin_password),
            _user("operator", "Otto", "PAO Operator", keys.operator_password),
            _user("developer", "Dana", "PAO Developer", keys.developer_password),
        ],
        "api_keys": [
            {"name": "platform", "key": keys.service_api_key, "role": "PAO Service", "email": "platform@example.com"},
            {"name": "local", "key": keys.client_api_key, "role": "PAO Developer", "email": "client@example.com"},
        ],
    }


def set_up_accounts(settings: Settings, keys: SecretKeys, environment: Mapping[str, str]) -> bool:
    """Make roles, users and API keys; false where this database has them already."""
    request = json.dumps(accounts(keys))
    # In the database's folder, so that it goes when that goes.
    done_before = settings.database / "pao-accounts"
    digest = hashlib.sha256(request.encode()).hexdigest()
    if done_before.is_file() and done_before.read_text() == digest:
        return False
    log = settings.logs / "setup.log"
    with log.open("w") as out:
        done = subprocess.run(
            [settings.bin / "pao", "setup", "--accounts", "-"],
            env=dict(environment),
            input=request,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SETUP_TIMEOUT,
            check=False,
        )
    if done.returncode:
        words = log.read_text(errors="replace")[-1500:]
        raise StartError(f"the accounts could not be made; {log} ends with:\n\n{words}\n")
    done_before.write_text(digest)
    return True


def _user(username: str, first_name: str, role: str, password: str) -> dict[str, object]:
    return {
        "username": username,
        "password": password,
        "email": f"{username}@example.com",
        "first_name": first_name,
        "last_name": username.capitalize(),
        "roles": [role],
    }
