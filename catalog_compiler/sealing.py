"""Seals secret values: encrypted with PAO's own key before they are stored, opened where an action runs.

Fernet (https://github.com/fernet/spec): AES-128-CBC with HMAC-SHA256. Several keys, the newest first and separated by
commas, allow a key to be rotated: the first one seals, all of them open.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import JsonValue

from catalog_compiler.file_references import described, is_stored

SEALED = "$sealed"
MASK = "***"

Outputs = dict[str, JsonValue]


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

    def seal_bytes(self, content: bytes) -> bytes:
        """Encrypt a file."""
        return self._fernet.encrypt(content)

    def open_bytes(self, content: bytes) -> bytes:
        """The file that was encrypted. Raises SealError."""
        try:
            return self._fernet.decrypt(content)
        except InvalidToken:
            raise SealError("it was sealed with a key that is gone; add it to [pao] fernet_key") from None

    def seal_outputs(self, outputs: Mapping[str, JsonValue], secret: Callable[[str, JsonValue], bool]) -> Outputs:
        """Outputs as they are stored: what is secret is sealed, by itself or as a part of an output that is an object.

        `secret` tells that of a name and its value; a part's name is `<output>.<key>`.
        """
        return {name: self._sealed_output(name, value, secret) for name, value in outputs.items()}

    def open_outputs(self, outputs: Mapping[str, JsonValue]) -> Outputs:
        """Outputs as they were given to `seal_outputs`; raises SealError."""
        return {name: self._opened_output(value) for name, value in outputs.items()}

    def _sealed_output(self, name: str, value: JsonValue, secret: Callable[[str, JsonValue], bool]) -> JsonValue:
        if secret(name, None):
            return self.seal(value)
        if not isinstance(value, dict):
            return self.seal(value) if secret(name, value) else value
        # What looks like a sealed value and is none must not be opened later.
        if is_sealed(value) or any(is_sealed(part) for part in value.values()):
            return self.seal(value)
        return {key: self.seal(part) if secret(f"{name}.{key}", part) else part for key, part in value.items()}

    def _opened_output(self, value: JsonValue) -> JsonValue:
        if isinstance(value, dict) and not is_sealed(value):
            return {key: self.open(part) for key, part in value.items()}
        return self.open(value)


def is_sealed(value: JsonValue) -> bool:
    """Whether a stored value is a sealed one. User input never is: fields refuse it."""
    return isinstance(value, dict) and value.keys() == {SEALED}


def masked(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What people see of stored values: sealed ones as `***`, also as a part of an object; files by name and size."""
    return {name: _shown(value) for name, value in values.items()}


def _shown(value: JsonValue) -> JsonValue:
    if is_sealed(value):
        return MASK
    if is_stored(value):
        return described(value) or MASK
    if isinstance(value, dict):
        return {key: MASK if is_sealed(part) else part for key, part in value.items()}
    return value
