"""The language server of VS Code's YAML extension, asked as an editor asks it: JSON-RPC over its standard streams."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.browser.programs import HERE, node

CURSOR = "¦"
"""Where the cursor stands in a text."""
_SERVER = HERE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
_OFFLINE = {"yaml.schemaStore.enable": False}
_ABILITIES = {
    "workspace": {"configuration": True, "workspaceFolders": True},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
    },
}


@dataclass(frozen=True, kw_only=True)
class YamlServer:
    """One server, with one folder open."""

    process: subprocess.Popen[bytes]
    folder: Path
    settings: dict[str, Any]
    """As in `.vscode/settings.json`."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    told: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The diagnostics of each file."""

    @classmethod
    @contextmanager
    def started(cls, folder: Path, settings: dict[str, Any]) -> Iterator[YamlServer]:
        """Start one; where Node is missing, the test is skipped or fails."""
        command = [node(), str(_SERVER), "--stdio"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            try:
                server = cls(process=process, folder=folder, settings=settings | _OFFLINE)
                opened = [{"uri": folder.as_uri(), "name": folder.name}]
                given = {"rootUri": folder.as_uri(), "workspaceFolders": opened, "capabilities": _ABILITIES}
                server._ask("initialize", given | {"processId": os.getpid()})
                server._tell("initialized", {})
                yield server
            finally:
                process.kill()

    def problems(self, text: str) -> list[tuple[int, str]]:
        """What the editor underlines: the line, counted from 1, and the words."""
        found = self.told[self._open(text)]
        return sorted((problem["range"]["start"]["line"] + 1, problem["message"]) for problem in found)

    def completions(self, text: str) -> dict[str, str]:
        """What is proposed at the cursor, and what it puts there, without the places to fill in."""
        items = self._ask("textDocument/completion", self._at_cursor(text))["items"]
        return {item["label"]: item["insertText"] for item in items}

    def hover(self, text: str) -> str:
        """What is shown over the word at the cursor."""
        return self._ask("textDocument/hover", self._at_cursor(text))["contents"]["value"]

    def _at_cursor(self, text: str) -> dict[str, Any]:
        before = text[: text.index(CURSOR)]
        place = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        return {"textDocument": {"uri": self._open(text.replace(CURSOR, ""))}, "position": place}

    def _open(self, text: str) -> str:
        """Open a new file and wait until it is judged; its address."""
        uri = (self.folder / "catalog" / "other" / f"item-{next(self.numbers)}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        while uri not in self.told:
            self._take(self._receive())
        return uri

    def _ask(self, method: str, given: Any) -> Any:
        number = next(self.numbers)
        self._send({"id": number, "method": method, "params": given})
        while True:
            message = self._receive()
            if "method" not in message and message["id"] == number:
                return message["result"]
            self._take(message)

    def _tell(self, method: str, given: Any) -> None:
        self._send({"method": method, "params": given})

    def _take(self, message: dict[str, Any]) -> None:
        """Answer what the server asks, and keep what it tells."""
        if message["method"] == "textDocument/publishDiagnostics":
            self.told[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message:
            asked = message["params"]["items"] if message["method"] == "workspace/configuration" else []
            self._send({"id": message["id"], "result": [self._section(item["section"]) for item in asked] or None})

    def _section(self, name: str) -> dict[str, Any]:
        """The settings of a section, as VS Code nests them."""
        nested: dict[str, Any] = {}
        for key, value in self.settings.items():
            if key.startswith(f"{name}."):
                *parents, last = key.removeprefix(f"{name}.").split(".")
                at = nested
                for parent in parents:
                    at = at.setdefault(parent, {})
                at[last] = value
        return nested

    def _send(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0"} | message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        content = self.process.stdout.read(length)
        assert content, "the server ended; what it said stands above"
        return json.loads(content)
