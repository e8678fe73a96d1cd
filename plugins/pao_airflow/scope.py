"""What templates see of a request, and which of its texts are secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

from catalog_compiler.run_format import RequestInfo
from catalog_compiler.sealing import is_sealed
from catalog_compiler.templates import field_value


def field_scope(values: Mapping[str, JsonValue], types: Mapping[str, str]) -> dict[str, JsonValue]:
    """`fields.*`: each value as templates get it (a file by its parts, JSON and YAML parsed); absent ones are null."""
    return {name: field_value(types[name], values[name]) if name in values else None for name in types}


def request_scope(request: RequestInfo) -> dict[str, JsonValue]:
    """`request.*`."""
    user = request.user
    return {
        "id": request.id,
        "timestamp": request.timestamp.isoformat().replace("+00:00", "Z"),
        "catalog": request.catalog,
        "url": request.url,
        "user": {
            "email": user.email,
            "name": user.name,
            "roles": list(user.roles),
            "organization": user.organization,
        },
    }


def secret_texts(pairs: Iterable[tuple[JsonValue, JsonValue]], env: Mapping[str, str]) -> frozenset[str]:
    """The texts to mask in what others write: those of sealed values (pairs of stored and opened), and of `env.*`."""
    found = set(env.values())
    for stored, opened in pairs:
        if is_sealed(stored):
            found.update(_texts(opened))
    return frozenset(found)


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    parts: Iterable[JsonValue] = ()
    if isinstance(value, list):
        parts = value
    elif isinstance(value, dict):
        parts = value.values()
    for part in parts:
        yield from _texts(part)
