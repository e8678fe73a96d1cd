"""Who calls: a user of Airflow's auth manager by its token or session cookie, or a service by its API key."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.providers.fab.auth_manager.models import Role, User
from airflow.utils.session import create_session
from fastapi import Depends
from jwt import InvalidTokenError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from api_plugin.exceptions import ApiProblem, not_allowed, not_signed_in
from api_plugin.outages import may_pass
from api_plugin.permissions import NO_TEAMS, Permission
from api_plugin.sign_ins import SignIns
from api_plugin.store.access import ApiKey

KEY_PREFIX = "pao_"


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """The caller, with what it may do."""

    id: str
    """The user's name in the auth manager, or `key:<name>` for a service."""
    name: str
    email: str
    roles: tuple[str, ...]
    permissions: frozenset[Permission]
    address: str | None = None
    """Where the call came from, for the audit trail."""

    @property
    def teams(self) -> tuple[str, ...]:
        """The roles that stand for teams: those that do not say what one may do on the platform."""
        return tuple(role for role in self.roles if role not in NO_TEAMS)

    def may(self, permission: Permission) -> bool:
        """Whether the caller has the permission."""
        return permission in self.permissions


async def principal_of(connection: HTTPConnection, token: str | None = None) -> Principal:
    """Sign in by `token`, or by the connection's headers or cookie; raises a 401 problem."""
    credential = token or sent_credential(connection) or connection.cookies.get(COOKIE_NAME_JWT_TOKEN)
    if not credential:
        raise not_signed_in("sign in: send 'Authorization: Bearer <token>' with a token of POST /auth/token")
    sign_ins: SignIns[Principal] = connection.app.state.sign_ins
    caller = await sign_ins.caller(credential, lambda: _look_up(credential))
    address = connection.client.host if connection.client else None
    # For whoever puts a refusal on record.
    connection.state.caller = caller.id, address
    return replace(caller, address=address)


async def _look_up(credential: str) -> Principal:
    if credential.startswith(KEY_PREFIX):
        return await asyncio.to_thread(_service, credential)
    try:
        user = await get_auth_manager().get_user_from_token(credential)
    except InvalidTokenError:
        raise not_signed_in("the token is wrong, expired or revoked; get a new one from POST /auth/token") from None
    return await asyncio.to_thread(_user, user)


def digest(key: str) -> str:
    """How an API key is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


def sent_credential(connection: HTTPConnection) -> str | None:
    """The credential in the headers, which count before a cookie. A browser adds the cookie by itself, these never."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else ""
    return bearer or connection.headers.get("x-api-key")


def _user(user: Any) -> Principal:
    manager = get_auth_manager()
    granted = {
        permission
        for permission in Permission
        if manager.is_authorized_custom_view(method=permission.method, resource_name=permission.resource, user=user)
    }
    return Principal(
        id=user.username,
        name=f"{user.first_name} {user.last_name}".strip() or user.username,
        email=user.email,
        roles=tuple(role.name for role in user.roles),
        permissions=frozenset(granted),
    )


def principal_named(session: Session, username: str) -> Principal | None:
    """A user of Airflow by name, with what it may do; None where there is none that may sign in."""
    user = session.scalar(select(User).where(User.username == username, User.active.is_(True)))
    return None if user is None else _user(user)


def _service(key: str) -> Principal:
    now = dt.datetime.now(dt.UTC)
    with create_session() as session:
        found = session.scalar(select(ApiKey).where(ApiKey.digest == digest(key)))
        if found is None or (found.expires_at is not None and found.expires_at <= now):
            raise not_signed_in("the API key is unknown or expired; ask a platform operator for a new one")
        role = session.scalar(select(Role).where(Role.name == found.role))
        held = {(p.action.name, p.resource.name) for p in role.permissions} if role else set()
        actions = {"GET": "can_read", "POST": "can_create", "PUT": "can_edit", "DELETE": "can_delete"}
        granted = {p for p in Permission if (actions[p.method], p.resource) in held}
        return Principal(
            id=f"key:{found.name}",
            name=found.name,
            email=found.email,
            roles=(found.role,),
            permissions=frozenset(granted),
        )


class Requires:
    """A dependency: the caller must have the permission. Every operation declares one."""

    def __init__(self, permission: Permission) -> None:
        """Name the permission."""
        self.permission = permission

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """The caller; raises 401 or 403."""
        caller = await principal_of(connection)
        if not caller.may(self.permission):
            raise lacking(caller, self.permission)
        return caller


def lacking(caller: Principal, permission: Permission) -> ApiProblem:
    """403: the caller has no role with the permission."""
    return not_allowed(
        f"'{caller.id}' lacks the permission '{permission.method} {permission.resource}'; a role that has it can be "
        "given in Airflow's security pages"
    )


async def signed_in(connection: HTTPConnection) -> Principal:
    """The caller, whatever they may do; raises 401."""
    return await principal_of(connection)


async def _anybody(connection: HTTPConnection) -> Principal | None:
    try:
        return await principal_of(connection)
    except ApiProblem:
        return None
    except SQLAlchemyError as error:
        # Who it is can't be looked up without the database; that it is away is what health must tell everyone.
        if may_pass(error):
            return None
        raise


MaybeCaller = Annotated[Principal | None, Depends(_anybody)]
"""For operations that answer everyone, and signed-in callers more."""

SignedIn = Annotated[Principal, Depends(signed_in)]
"""For what everyone may ask who is signed in."""

CatalogReader = Annotated[Principal, Depends(Requires(Permission.CATALOG_READ))]
CatalogRefresher = Annotated[Principal, Depends(Requires(Permission.CATALOG_REFRESH))]
RequestReader = Annotated[Principal, Depends(Requires(Permission.REQUEST_READ))]
Requester = Annotated[Principal, Depends(Requires(Permission.REQUEST_CREATE))]
RequestCanceller = Annotated[Principal, Depends(Requires(Permission.REQUEST_CANCEL))]
RequestOperator = Annotated[Principal, Depends(Requires(Permission.REQUEST_OPERATE))]
OperationsReader = Annotated[Principal, Depends(Requires(Permission.OPERATIONS_READ))]
PeopleEraser = Annotated[Principal, Depends(Requires(Permission.PEOPLE_ERASE))]
ServicePrincipal = Annotated[Principal, Depends(Requires(Permission.INTERNAL))]
