"""Signs a DAG run's `conf`, so that actions act on nothing but what the API accepted.

Whoever may start DAG runs in Airflow could otherwise write any user, value or undo into one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from pydantic import JsonValue

from catalog_compiler.run_format import RunConf

SIGNATURE = "signature"


class UnsignedRunError(ValueError):
    """A run that PAO's API did not make; order the item through the catalog instead of starting its DAG."""


def _digest(conf: Mapping[str, JsonValue], keys: str) -> list[str]:
    text = json.dumps(conf, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    return [hmac.new(key.strip().encode(), text, hashlib.sha256).hexdigest() for key in keys.split(",")]


def _equal(given: str, digest: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), digest.encode())


def signed(conf: RunConf, keys: str) -> dict[str, JsonValue]:
    """The conf as JSON with its signature by the first key of `[pao] fernet_key`."""
    plain: dict[str, JsonValue] = conf.model_dump(mode="json")
    return {**plain, SIGNATURE: _digest(plain, keys)[0]}


def verified(conf: Mapping[str, JsonValue] | None, keys: str) -> RunConf:
    """The conf of a run that the API made; raises UnsignedRunError for any other."""
    plain = dict(conf or {})
    signature = plain.pop(SIGNATURE, None)
    if not isinstance(signature, str) or not any(_equal(signature, digest) for digest in _digest(plain, keys)):
        raise UnsignedRunError(
            "this run was not made by PAO's API: order the item through the catalog instead of starting its DAG"
        )
    return RunConf.model_validate(plain)
