"""Seals secret values: encrypted with PAO's own key before they are stored, opened where an action runs.

Fernet (https://github.com/fernet/spec): AES-128-CBC with HMAC-SHA256. Several keys, the newest first and separated by
commas, allow a key to be rotated: the first one seals, all of them open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import JsonValue

SEALED = "$sealed"
MASK = "***"


class SealError(ValueError):
    """A sealed value can't be opened: it was sealed with a key that is not in `[pao] fernet_key` any more."""


class Sealer:
    """Seals and opens JSON values."""

    def __init__(self, keys: str) -> None:
        """Take the keys of `[pao] fernet_key`; raises ValueError where there is none, or where one is not a key."""
        parts = [key.strip() for key in keys.split(",") if key.strip()]
        if not parts:
            raise ValueError("[pao] fernet_key is empty; set it to the output of `airflow fernet-key` or the like")
        try:
            self._fernet = MultiFernet([Fernet(key) for key in parts])
        except ValueError as error:
            raise ValueError(f"[pao] fernet_key holds what is not a Fernet key ({error}); make one anew") from None

    def seal(self, value: JsonValue) -> dict[str, JsonValue]:
        """Wrap a value so that it can be stored beside plain ones."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return {SEALED: self._fernet.encrypt(text.encode("utf-8", "surrogatepass")).decode()}

    def open(self, value: JsonValue) -> JsonValue:
        """The value that was sealed; a plain value comes back as it is. Raises SealError."""
        if not is_sealed(value):
            return value
        try:
            opened: JsonValue = json.loads(self._fernet.decrypt(str(value[SEALED])))  # type: ignore[index, call-overload]
        except (InvalidToken, ValueError):
            raise SealError("a secret value was sealed with a key that is gone; add it to [pao] fernet_key") from None
        return opened


def is_sealed(value: JsonValue) -> bool:
    """Whether a stored value is a sealed one. User input never is: fields refuse it."""
    return isinstance(value, dict) and value.keys() == {SEALED}


def masked(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What people see of stored values: sealed ones as `***`."""
    return {name: MASK if is_sealed(value) else value for name, value in values.items()}
