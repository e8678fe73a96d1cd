"""The first stage: a file's bytes to a document, which is a JSON value that knows where each part of it stands.

Called by `item` for catalog files, by the templates and the form for values of `yaml` fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import JsonValue

from catalog_compiler.problems import Path, Problem, pointer
from catalog_compiler.scalar_places import source_offset
from catalog_compiler.yaml_faults import Fault
from catalog_compiler.yaml_reader import Mark, Node, read_yaml

MAX_BYTES = 1024 * 1024


class YamlSubsetError(ValueError):
    """A text is not of the YAML subset; the message says what is wrong, in which line, and what to do."""


class Place(NamedTuple):
    """A place in a file; both count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A parsed file. `complete` is False where a part of it could not be read: `data` then lacks that part."""

    file: str
    data: JsonValue
    complete: bool
    holes: tuple[Path, ...]
    """The parts that could not be read, where all the rest was; see `yaml_reader.Reading`."""
    _root: Node | None = field(repr=False)
    _text: str = field(repr=False)

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where the value at `path` starts, or its key.

        For a value that is not there, the key of the nearest one around it.
        """
        node, key_mark = self._root, None
        for part in path:
            inner = _child(node, part)
            if inner is None:
                return self._as_place(key_mark or (node.start if node else None))
            key_mark = node.keys.get(part) if node and isinstance(part, str) else None
            node = inner
        if node is not None and key_mark is not None and (key or (node.plain and not node.text)):
            return self._as_place(key_mark)
        return self._as_place(node.start if node else None)

    def place_in(self, path: Path, offset: int) -> Place:
        """Where the character `offset` of the text at `path` stands in the file."""
        node = self._node(path)
        if node is None or node.text is None:
            return self.place(path)
        start = node.start.index
        index = start + source_offset(self._text[start : node.end.index], node.style, node.text, offset)
        line_start = self._text.rfind("\n", 0, index) + 1
        return Place(self._text.count("\n", 0, index) + 1, index - line_start + 1)

    def written(self, path: Path) -> str | None:
        """How the scalar at `path` is written in the file, where it has no quotes; None for everything else."""
        node = self._node(path)
        return node.text if node is not None and node.plain else None

    def _node(self, path: Path) -> Node | None:
        node = self._root
        for part in path:
            node = _child(node, part)
        return node

    @staticmethod
    def _as_place(mark: Mark | None) -> Place:
        return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """What became of a file: a document where one could be made, and what is wrong with the file."""

    document: Document | None
    problems: tuple[Problem, ...]


def parse_document(content: bytes, file: str) -> Parsed:
    """Parse a catalog file; what is wrong with it is returned, never raised."""
    if len(content) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES} bytes (1 MiB); shorten it, or make several items of it"
        return Parsed(
            document=None, problems=(_problem(file, Fault(code="file-too-large", message=message, line=0, column=0)),)
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Parsed(document=None, problems=(_problem(file, _not_utf8(content, error)),))
    reading = read_yaml(text)
    document = Document(
        file=file, data=reading.value, complete=reading.complete, holes=reading.holes, _root=reading.root, _text=text
    )
    return Parsed(document=document, problems=tuple(_problem(file, fault) for fault in reading.faults))


def parse_yaml_value(text: str) -> JsonValue:
    """The value of a text in the YAML subset.

    Raises:
        YamlSubsetError: if it is not of the subset, or larger than a file may be.

    """
    if len(text) > MAX_BYTES:
        raise YamlSubsetError(f"the text has {len(text)} characters, and {MAX_BYTES} are allowed; shorten it")
    reading = read_yaml(text)
    if reading.faults:
        fault = reading.faults[0]
        raise YamlSubsetError(f"line {fault.line + 1}, column {fault.column + 1}: {fault.message}")
    value: JsonValue = reading.value
    return value


def value_at(data: Any, path: Path) -> Any:
    """The value at `path`, or None where there is none."""
    part: Any
    for part in path:
        if (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        ):
            data = data[part]
        else:
            return None
    return data


def with_values(data: Any, changes: Mapping[Path, Any]) -> Any:
    """A copy of `data` with other values at some paths, which must exist; what lies beside them is shared."""
    if () in changes:
        return changes[()]
    by_part: dict[str | int, dict[Path, Any]] = {}
    for path, value in changes.items():
        by_part.setdefault(path[0], {})[path[1:]] = value
    changed: Any = dict(data) if isinstance(data, dict) else list(data)
    for part, inner in by_part.items():
        changed[part] = with_values(data[part], inner)
    return changed


def _child(node: Node | None, part: str | int) -> Node | None:
    children = node.children if node is not None else None
    if isinstance(children, dict):
        return children.get(part) if isinstance(part, str) else None
    if isinstance(children, list) and isinstance(part, int) and part < len(children):
        return children[part]
    return None


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> Fault:
    line_start = content.rfind(b"\n", 0, error.start) + 1
    return Fault(
        code="yaml-syntax",
        message=f"the file is not UTF-8: byte 0x{content[error.start]:02X} cannot stand here; save it as UTF-8",
        line=content.count(b"\n", 0, error.start),
        column=len(content[line_start : error.start].decode("utf-8", "replace")),
    )


def _problem(file: str, fault: Fault) -> Problem:
    return Problem(
        code=fault.code,
        severity="error",
        message=fault.message,
        file=file,
        line=fault.line + 1,
        column=fault.column + 1,
        pointer=pointer(fault.path),
        hint=fault.hint,
    )
