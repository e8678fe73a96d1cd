"""`pao setup`: makes PAO's roles, and the users and API keys of a file.

Safe to run again; run it after each migration.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import uuid
from pathlib import Path
from typing import Any

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.session import create_session
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select

from api_plugin.permissions import ROLES, Permission
from api_plugin.principals import digest
from api_plugin.store.access import ApiKey

ACTIONS = {"GET": "can_read", "POST": "can_create", "PUT": "can_edit", "DELETE": "can_delete"}
"""FAB's names for what a method stands for."""


class UserAccount(BaseModel):
    """A user to make; one that exists is left as it is, but for its password and roles."""

    model_config = ConfigDict(extra="forbid")

    username: str
    password: str
    email: str
    first_name: str
    last_name: str
    roles: list[str]


class KeyAccount(BaseModel):
    """An API key to make or to replace, by name."""

    model_config = ConfigDict(extra="forbid")

    name: str
    key: str
    role: str
    email: str


class Accounts(BaseModel):
    """The accounts file."""

    model_config = ConfigDict(extra="forbid")

    users: list[UserAccount] = []
    api_keys: list[KeyAccount] = []


class SetupCommand:
    """The subcommand of `pao`."""

    name = "setup"
    help = "make PAO's roles, users and API keys in the database"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Take the accounts file."""
        parser.add_argument("--accounts", metavar="FILE", help="JSON with users and API keys; '-' reads standard input")

    def run(self, args: argparse.Namespace) -> int:
        """Make what is missing; 2 where the accounts can't be read."""
        try:
            accounts = _read(args.accounts)
        except (OSError, ValidationError) as error:
            sys.stderr.write(f"pao setup: the accounts can't be read: {error}\n")
            return 2
        with get_application_builder() as builder:
            _make_roles(builder.sm)
            for user in accounts.users:
                _make_user(builder.sm, user)
        _make_keys(accounts.api_keys)
        return 0


def _read(file: str | None) -> Accounts:
    if file is None:
        return Accounts()
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    return Accounts.model_validate_json(text)


def _make_roles(manager: Any) -> None:
    for permission in Permission:
        manager.create_permission(ACTIONS[permission.method], permission.resource)
    for name, permissions in {**ROLES, "Admin": tuple(Permission)}.items():
        role = manager.add_role(name)
        for permission in permissions:
            granted = manager.get_permission(ACTIONS[permission.method], permission.resource)
            manager.add_permission_to_role(role, granted)


def _make_user(manager: Any, account: UserAccount) -> None:
    roles = [manager.find_role(name) for name in account.roles]
    user = manager.find_user(username=account.username)
    if user is None:
        manager.add_user(
            account.username, account.first_name, account.last_name, account.email, roles, account.password
        )
        return
    user.roles = roles
    manager.update_user(user)
    manager.reset_password(user.id, account.password)


def _make_keys(accounts: list[KeyAccount]) -> None:
    with create_session() as session:
        for account in accounts:
            key = session.scalar(select(ApiKey).where(ApiKey.name == account.name))
            if key is None:
                key = ApiKey(id=uuid.uuid4(), name=account.name, created_at=dt.datetime.now(dt.UTC))
                session.add(key)
            key.digest, key.role, key.email = digest(account.key), account.role, account.email


command = SetupCommand()
