"""Bad days on demand: what the target does wrong, for which requests, how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from examples.target.messages import Answer, RefusedError, Request

HTML = "<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>"
_KEYS = {"method", "path", "times", "status", "delay", "html", "drop"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Hits the next `times` requests that match."""

    path: str
    """With `*` and `?`, such as `/v1/dns/*`."""
    method: str = "*"
    times: int = 1
    status: int | None = None
    """Answer this, and do nothing."""
    delay: float = 0.0
    """Seconds to wait before anything else."""
    html: bool = False
    """Answer a page instead of JSON, and do nothing; with status 200 unless `status` says otherwise."""
    drop: Literal["before", "after"] | None = None
    """Close the connection without an answer: before the work, or after it."""

    def hits(self, request: Request) -> bool:
        """Whether it is meant for that request."""
        return fnmatchcase(request.method, self.method) and fnmatchcase(request.path, self.path)

    @property
    def answer(self) -> Answer | None:
        """What is answered instead of doing the work, if anything."""
        if self.html:
            return Answer(status=self.status or 200, body=HTML, content_type="text/html")
        if self.status is not None:
            return Answer(status=self.status, body={"error": "a fault was asked for"})
        return None


class Faults:
    """The faults that are still to come, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, body: Mapping[str, Any]) -> None:
        """Add one from the body of `POST /faults`; raises `RefusedError` where it makes no sense."""
        unknown = set(body) - _KEYS
        if unknown or not isinstance(body.get("path"), str):
            raise RefusedError(422, f"a fault has a path and any of {', '.join(sorted(_KEYS - {'path'}))}")
        self._waiting.append(Fault(**body))

    def take(self, request: Request) -> Fault | None:
        """The first fault that hits that request, used up by one."""
        for index, fault in enumerate(self._waiting):
            if fault.hits(request):
                left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                self._waiting[index : index + 1] = left
                return fault
        return None

    def clear(self) -> None:
        """No more faults."""
        self._waiting.clear()
