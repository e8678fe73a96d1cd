"""The revision of an item: the same document gives the same revision, whatever its layout and comments."""

from __future__ import annotations

import hashlib
import json

from pydantic import JsonValue


def revision_of(data: JsonValue) -> str:
    """SHA-256 (hex) of the document as canonical JSON: keys sorted, no spaces, UTF-8."""
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
