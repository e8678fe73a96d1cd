"""Connections and environment values for actions, from Airflow's connections, variables and secrets backends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from airflow.sdk import Variable
from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError
from airflow.sdk.log import amask_secret

from catalog_compiler.actions import Connection
from pao_airflow.shared_lookups import SharedLookups

ENV_PREFIX = "PAO_"

PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each further try of a look-up that found nothing."""

_IF_IT_EXISTS = "if it is there, the secrets backend or the database may be away: look at that, then retry"

ValueT = TypeVar("ValueT")


def as_connection(connection_id: str, found: Any) -> Connection:
    """One of Airflow's connections, of its SDK or its database, as actions see it."""
    return Connection(
        id=connection_id,
        type=found.conn_type or "",
        host=found.host,
        schema=found.schema,
        login=found.login,
        password=found.password,
        port=found.port,
        extra=found.extra_dejson,
    )


async def _connection(connection_id: str) -> Connection:
    try:
        found = await BaseHook.aget_connection(connection_id)
    except (AirflowNotFoundException, AirflowRuntimeError) as error:
        raise LookupError(
            f"connection '{connection_id}' does not exist; create it in Airflow or correct its name in the item; "
            f"{_IF_IT_EXISTS}"
        ) from error
    return as_connection(connection_id, found)


async def _variable(name: str) -> str:
    # A synchronous call in a thread: it works in the triggerer and on a worker alike.
    value = await asyncio.to_thread(Variable.get, ENV_PREFIX + name, None)
    if value is None:
        raise LookupError(
            f"'env.{name}' has no value: set the Airflow Variable '{ENV_PREFIX}{name}', or the same in a secrets "
            f"backend; {_IF_IT_EXISTS}"
        )
    await amask_secret(value)
    return str(value)


async def _repeated(look_up: Callable[[str], Awaitable[ValueT]], name: str) -> ValueT:
    """Try several times: for Airflow, what a backend that is away does not give does not exist."""
    for pause in PAUSES:
        with suppress(LookupError):
            return await look_up(name)
        await asyncio.sleep(pause)
    return await look_up(name)


_connections = SharedLookups(partial(_repeated, _connection))
_variables = SharedLookups(partial(_repeated, _variable))


class AirflowConnections:
    """The `Connections` of actions."""

    async def get(self, connection_id: str) -> Connection:
        """Look one up; raises LookupError with a sentence where none is found in several tries."""
        return await _connections.get(connection_id)


async def environment(names: Iterable[str]) -> dict[str, str]:
    """The values of `{{env.<NAME>}}`: Airflow Variables `PAO_<NAME>`, always secret.

    Raises LookupError with a sentence that names the variable that is missing.
    """
    return {name: await _variables.get(name) for name in sorted(names)}
