"""Mounts the API in Airflow's API server.

Every Airflow process loads plugins, so the apps are made only where they are read.
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


class _Late:
    """A class attribute that is made when it is read."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._made: list[dict[str, Any]] | None = None

    def __get__(self, instance: object, owner: type) -> list[dict[str, Any]]:
        if self._made is None:
            self._made = self._make()
        return self._made


def _apps() -> list[dict[str, Any]]:
    from api_plugin.app import rest_app, socket_app, watchtower
    from api_plugin.request_logs.room import LogRoom

    tower, logs = watchtower(), LogRoom()
    return [
        {"app": rest_app(tower, logs), "url_prefix": "/api/v1", "name": "PAO"},
        {"app": socket_app(tower, logs), "url_prefix": "/ws", "name": "PAO WebSockets"},
    ]


def _middlewares() -> list[dict[str, Any]]:
    from api_plugin.cookie_shortcut import CookieShortcut
    from api_plugin.probes import ProbeMiddleware

    named = {"PAO cookie shortcut": CookieShortcut, "PAO probes": ProbeMiddleware}
    return [{"middleware": each, "args": [], "kwargs": {}, "name": name} for name, each in named.items()]


class PaoApiPlugin(AirflowPlugin):
    """Registered by the entry point group `airflow.plugins`."""

    name = "pao_api"
    fastapi_apps = _Late(_apps)
    fastapi_root_middlewares = _Late(_middlewares)
