"""Uses an item's form in Chromium, rendered by react-jsonschema-form alone; `use_form.mjs` says what a step may be."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from catalog_compiler.form import Form
from tests.browser.node_process import NodeProcess
from tests.browser.programs import chromium


@dataclass(frozen=True, kw_only=True)
class Browser:
    """One Chromium, with a page of its own for each form."""

    process: NodeProcess

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Browser]:
        """Start one; where it is missing, the test is skipped or fails."""
        with NodeProcess.started("use_form.mjs", chromium()) as process:
            yield cls(process=process)

    def use(self, form: Form, *steps: dict[str, Any]) -> list[Any]:
        """Take steps one after the other; the answer of each."""
        return self.process.ask({"form": dataclasses.asdict(form), "steps": steps})
