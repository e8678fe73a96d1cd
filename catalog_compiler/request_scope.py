"""What templates see of a request: in an action, and where what it provisioned is recorded."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from catalog_compiler.run_format import RequestInfo
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
