"""The config of a `rest-api` action."""

from __future__ import annotations

from pydantic import Field

from pao_actions.authentication import Authentication
from pao_actions.follow_up import CancelCall
from pao_actions.http_action import HttpConfig
from pao_actions.polling import Poll

QueryValue = str | int | float | bool | None | list[str | int | float | bool | None]


class RestApiConfig(HttpConfig):
    """A call of a REST API. `connection` names an Airflow `http` connection: base URL, credentials, headers."""

    connection: str | None = None
    """An Airflow `http` connection: base URL, credentials and headers."""
    authentication: Authentication | None = None
    """How the call signs in; by default by the connection's login and password, where it has them."""
    query: dict[str, QueryValue] = Field(default_factory=dict)
    """Parameters of the query; a list repeats its parameter."""
    response_mapping: dict[str, str] = Field(default_factory=dict)
    """Output name to JSONPath (RFC 9535); a path that ends in `?` may find nothing."""
    sensitive_outputs: tuple[str, ...] = ()
    """Outputs that are stored encrypted and shown masked."""
    poll: Poll | None = None
    """How work that goes on after the answer is followed; outputs are taken from the last look, then the answer."""
    cancel: CancelCall | None = None
    """The call that stops that work when a person stops the action."""
