"""Gets a token by a user's name and password, as Airflow's auth manager gives it."""

from __future__ import annotations

import httpx

from api_plugin.client_errors import ApiError, away, failure
from api_plugin.client_transport import TIMEOUT

PATH = "/auth/token"
_WRONG = {400, 401, 403}


def sign_in(base_url: str, username: str, password: str) -> str:
    """The token; raises ApiError."""
    try:
        response = httpx.post(
            f"{base_url.rstrip('/')}{PATH}", json={"username": username, "password": password}, timeout=TIMEOUT
        )
    except httpx.HTTPError as error:
        raise away("POST", PATH, error) from error
    if response.status_code in _WRONG:
        raise ApiError(
            "the user name or the password is wrong", status=401, problem={"detail": "the user or password is wrong"}
        )
    if response.is_error:
        raise failure(response, {})
    try:
        return str(response.json()["access_token"])
    except (ValueError, KeyError, TypeError) as error:
        raise ApiError(
            f"POST {PATH}: the answer holds no token; is {base_url} the address of the platform?",
            status=response.status_code,
        ) from error
