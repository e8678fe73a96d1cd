"""Asks browsers' engines: whether a schema takes a value, and whether a pattern occurs in a text."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.browser.programs import HERE, node


@dataclass(frozen=True, kw_only=True)
class Judge:
    """A process of Node that answers until it is closed."""

    process: subprocess.Popen[str]

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Judge]:
        """Start one; where Node is missing, the test is skipped or fails."""
        command = [node(), str(HERE / "judge.mjs")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
            try:
                yield cls(process=process)
            finally:
                process.stdin.close()

    def verdicts(self, schema: Any, values: Sequence[Any]) -> dict[str, list[bool]]:
        """By validator, whether it takes each value; ajv is strict, and must have nothing to say of the schema."""
        answer = self._ask({"schema": schema, "values": list(values)})
        assert [] == answer["warnings"]
        return answer["verdicts"]

    def found(self, patterns: Sequence[str], texts: Sequence[str]) -> list[list[bool] | None]:
        """For each pattern (read with the `u` flag), whether it occurs in each text; None where it is no pattern."""
        return self._ask({"patterns": list(patterns), "texts": list(texts)})["found"]

    def _ask(self, question: Any) -> Any:
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer
