"""How the error answers of operations are documented in OpenAPI."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from api_plugin.problem_responses import MEDIA_TYPE, TYPE_BASE

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "correlation_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "correlation_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that may answer these errors."""
    return {code: _problem(code) for code in codes}


def _problem(code: int) -> dict[str, Any]:
    title = HTTPStatus(code).phrase
    example = {
        "type": TYPE_BASE + title.lower().replace(" ", "-"),
        "title": title,
        "status": code,
        "detail": "what is wrong, and what to do",
        "instance": "/api/v1/requests",
        "code": title.lower().replace(" ", "-"),
        "correlation_id": "2f1b0c9e-4a53-4a4e-9a55-2f7f7a0d9f10",
    }
    return {"description": title, "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA, "example": example}}}
