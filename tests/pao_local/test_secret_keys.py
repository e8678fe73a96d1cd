"""Keys are made once, kept, and readable by their owner alone."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet
from pao_local.errors import StartError
from pao_local.secret_keys import load_or_make, write_private_json


def test_keys_stay_the_same_over_restarts(tmp_path):
    """What is encrypted with a key must be readable tomorrow."""
    first = load_or_make(tmp_path / "secrets.json")

    assert first == load_or_make(tmp_path / "secrets.json")


def test_the_file_is_for_its_owner_alone(tmp_path):
    """Mode 0600, also where another file was there before."""
    path = tmp_path / "secrets.json"
    path.write_text("{}")
    path.chmod(0o644)

    load_or_make(path)

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_that_a_newer_version_needs_is_added(tmp_path):
    """The others stay."""
    path = tmp_path / "secrets.json"
    before = load_or_make(path)
    stored = json.loads(path.read_text())
    del stored["target_token"]
    write_private_json(path, stored)

    after = load_or_make(path)

    assert before.jwt_secret == after.jwt_secret
    assert after.target_token


def test_keys_fit_their_purpose(tmp_path):
    """Fernet keys encrypt, API keys say what they are, and no two secrets are the same."""
    keys = load_or_make(tmp_path / "secrets.json")

    Fernet(keys.pao_fernet_key.encode())
    assert keys.service_api_key.startswith("pao_")
    assert keys.admin_password != keys.developer_password


def test_a_broken_file_gives_a_way_out(tmp_path):
    """Making new keys silently would lose what the old ones encrypted."""
    path = tmp_path / "secrets.json"
    path.write_text("{half")

    with pytest.raises(StartError, match=r"is not JSON any more .* make stop, then delete"):
        load_or_make(path)
