"""The API client of PAO's own DAGs, callbacks and hosts: signed in as the service principal."""

from __future__ import annotations

from typing import Protocol

from airflow.sdk.bases.hook import BaseHook

from api_plugin.client import ApiClient
from pao_airflow.configuration import pao_settings


class ServiceConnection(Protocol):
    """What a connection says of where the API is, as Airflow or a `Connections` gives it."""

    @property
    def schema(self) -> str | None:
        """`http` or `https`."""

    @property
    def host(self) -> str | None:
        """The API's host."""

    @property
    def port(self) -> int | None:
        """Its port."""

    @property
    def password(self) -> str | None:
        """The service's API key."""


def service_client() -> ApiClient:
    """A client by the connection that `[pao] service_connection` names; its password is the service's API key."""
    return client_of(BaseHook.get_connection(pao_settings().service_connection))


def client_of(connection: ServiceConnection) -> ApiClient:
    """A client by that connection."""
    port = f":{connection.port}" if connection.port else ""
    url = f"{connection.schema or 'http'}://{connection.host}{port}"
    return ApiClient(base_url=url, token=str(connection.password))
