"""The API client of PAO's own DAGs and callbacks: signed in as the service principal."""

from __future__ import annotations

from typing import Protocol

from airflow.sdk.bases.hook import BaseHook

from api_plugin.client import ApiClient
from pao_airflow.configuration import pao_settings


class ServiceConnection(Protocol):
    """What is needed of the connection that `[pao] service_connection` names."""

    @property
    def schema(self) -> str | None:
        """`http` or `https`."""

    @property
    def host(self) -> str | None:
        """Where the API is."""

    @property
    def port(self) -> int | None:
        """Where not the usual one."""

    @property
    def password(self) -> str | None:
        """The service's API key."""


def service_client() -> ApiClient:
    """A client by the connection that `[pao] service_connection` names."""
    return client_of(BaseHook.get_connection(pao_settings().service_connection))


def client_of(connection: ServiceConnection) -> ApiClient:
    """A client by a connection that was looked up."""
    port = f":{connection.port}" if connection.port else ""
    url = f"{connection.schema or 'http'}://{connection.host}{port}"
    return ApiClient(base_url=url, token=str(connection.password))
