"""Asks browsers' engines: whether a schema takes a value, and whether a pattern occurs in a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.browser.node_process import NodeProcess


@dataclass(frozen=True, kw_only=True)
class Judge:
    """What ajv, react-jsonschema-form and ECMAScript say."""

    process: NodeProcess

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Judge]:
        """Start one."""
        with NodeProcess.started("judge.mjs") as process:
            yield cls(process=process)

    def verdicts(self, schema: Any, values: Sequence[Any]) -> dict[str, list[bool]]:
        """By validator, whether it takes each value; ajv is strict, and must have nothing to say of the schema."""
        answer = self.process.ask({"schema": schema, "values": list(values)})
        assert [] == answer["warnings"]
        return answer["verdicts"]

    def found(self, patterns: Sequence[str], texts: Sequence[str]) -> list[list[bool] | None]:
        """For each pattern (read with the `u` flag), whether it occurs in each text; None where it is no pattern."""
        return self.process.ask({"patterns": list(patterns), "texts": list(texts)})["found"]
