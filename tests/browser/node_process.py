"""A script of this folder, run by Node: asked in JSON, a line for each question and each answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.browser.programs import HERE, node


@dataclass(frozen=True, kw_only=True)
class NodeProcess:
    """A process that answers until it is closed."""

    process: subprocess.Popen[str]

    @classmethod
    @contextmanager
    def started(cls, script: str, *arguments: str) -> Iterator[NodeProcess]:
        """Start a script; where Node is missing, the test is skipped or fails."""
        command = [node(), str(HERE / script), *arguments]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
            try:
                yield cls(process=process)
            finally:
                process.stdin.close()

    def ask(self, question: Any) -> Any:
        """The answer, which must not be an error."""
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the process ended; what it said stands above"
        answer = json.loads(line)
        assert not (isinstance(answer, dict) and "error" in answer), answer["error"]
        return answer
