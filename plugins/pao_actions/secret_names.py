"""Which outputs are secret by their name alone."""

from __future__ import annotations

import re

_CREDENTIAL = re.compile(r"password|secret|token|private_?key|connection_?string", re.IGNORECASE)


def looks_secret(name: str) -> bool:
    """Whether a name looks like a credential's: such an output is stored encrypted and shown masked."""
    return _CREDENTIAL.search(name.replace("-", "_")) is not None
