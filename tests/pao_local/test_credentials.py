"""`credentials.json` has the shape that the API contract fixes."""

from __future__ import annotations

import json
from pathlib import Path

from pao_local.credentials import accounts, write_credentials
from pao_local.secret_keys import load_or_make
from pao_local.settings import Settings


def test_the_file_says_where_and_as_whom_to_sign_in(tmp_path):
    """And it is for its owner alone."""
    settings = Settings(root=Path("/srv/pao"), state=tmp_path, port=9000, catalog="")
    keys = load_or_make(tmp_path / "secrets.json")

    write_credentials(settings, keys)

    assert settings.credentials_file.stat().st_mode & 0o777 == 0o600
    assert json.loads(settings.credentials_file.read_text()) == {
        "base_url": "http://localhost:9000",
        "admin": {"username": "admin", "password": keys.admin_password},
        "operator": {"username": "operator", "password": keys.operator_password},
        "developer": {"username": "developer", "password": keys.developer_password},
        "api_key": keys.client_api_key,
    }


def test_the_accounts_are_those_of_the_file(tmp_path):
    """What `pao setup` makes is what people are told; the service's key is in no file for people."""
    keys = load_or_make(tmp_path / "secrets.json")

    wanted = accounts(keys)

    assert [user["username"] for user in wanted["users"]] == ["admin", "operator", "developer"]
    assert [key["key"] for key in wanted["api_keys"]] == [keys.service_api_key, keys.client_api_key]
