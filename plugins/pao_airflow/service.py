"""The API client of PAO's own DAGs and callbacks: signed in as the service principal."""

from __future__ import annotations

from airflow.sdk.bases.hook import BaseHook

from api_plugin.client import ApiClient
from pao_airflow.configuration import pao_settings


def service_client() -> ApiClient:
    """A client by the connection that `[pao] service_connection` names; its password is the service's API key."""
    connection = BaseHook.get_connection(pao_settings().service_connection)
    port = f":{connection.port}" if connection.port else ""
    url = f"{connection.schema or 'http'}://{connection.host}{port}"
    return ApiClient(base_url=url, token=str(connection.password))
