"""Reads the JSON-compatible subset of YAML 1.2 from libyaml's events, without recursion, to values and their places.

Values and nodes grow side by side while the events come, so depth, aliases and duplicate keys are refused before
anything is made of them. `document` is the only caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Protocol, cast

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs leave it out

from catalog_compiler.problems import Code, Path
from catalog_compiler.unquoted_templates import TEMPLATE_START, quoting_hint, without_template
from catalog_compiler.yaml_faults import Fault, shortened, syntax_fault, unreadable_fault
from catalog_compiler.yaml_scalars import NotJsonError, plain_value

MAX_LEVELS = 50
MAX_VALUES = 50_000
"""Mappings, lists and plain values of a document; reading more takes a second."""
_MOST_FAULTS = 100
"""A file with more faults than this is not read further."""
_MOST_READ_AGAIN = 256 * 1024
"""Characters that are read again, all in all, to tell what stands behind templates without quotes."""
UNKNOWN_KEY = "<<"
"""In the path of a hole: any key of the mapping may be there, by a merge key or an alias."""


class Mark(Protocol):
    """Where an event starts or ends; `line` and `column` count characters from 0, `index` from the text's start."""

    index: int
    line: int
    column: int


class Node:
    """The place of one value: its marks, how a scalar was written, and the nodes in a mapping or list."""

    __slots__ = ("children", "end", "keys", "start", "style", "text")

    def __init__(self, start: Mark, end: Mark, *, text: str | None = None, style: str | None = None) -> None:
        self.start = start
        self.end = end
        self.text = text
        self.style = style
        self.children: dict[str, Node] | list[Node] | None = None
        self.keys: dict[str, Mark] = {}

    @property
    def plain(self) -> bool:
        """Whether it is a scalar without quotes."""
        return self.text is not None and not self.style


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read. `complete` is False where a part of the value could not be told: then `value` holds the rest."""

    value: Any
    root: Node | None
    faults: tuple[Fault, ...]
    complete: bool
    holes: tuple[Path, ...] = ()
    """The parts that could not be told, where all the rest could; none where reading stopped before the end."""


def read_yaml(text: str) -> Reading:
    """Read one document; faults are collected, and none is raised."""
    unreadable = unreadable_fault(text)
    if unreadable is not None:
        return Reading(value=None, root=None, faults=(unreadable,), complete=False)
    builder, again = _Builder(text), 0
    while builder.unquoted is not None and (again := again + len(text)) <= _MOST_READ_AGAIN:
        legible = without_template(text, builder.unquoted)
        if legible is None:
            break
        text = legible
        builder = _Builder(text, [*builder.known, builder.faults[-1]])
    holes = (*builder.holes, *(fault.path for fault in builder.known))
    ended = not builder.stopped and () not in holes
    return Reading(
        value=builder.value,
        root=builder.root,
        faults=tuple(sorted(builder.faults, key=lambda fault: (fault.line, fault.column))),
        complete=ended and not holes,
        holes=holes if ended else (),
    )


class _StopReadingError(Exception):
    """Reading on would tell nothing more."""


@dataclass(frozen=True, slots=True)
class _Dropped:
    """The key of a value that is read but not kept; without a name where it can't be told."""

    name: str | None


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is still open; `key` is the mapping's key that waits for its value."""

    name: str | int | None
    """Its own key or position in what it stands in, as far as there is one that can be told."""
    value: dict[str, Any] | list[Any]
    node: Node
    key: str | _Dropped | None = field(default=None)

    @property
    def step(self) -> str | int | None:
        """The key or position of what comes next; None where a key comes next."""
        if isinstance(self.value, list):
            return len(self.value)
        return self.key.name if isinstance(self.key, _Dropped) else self.key


class _Builder:
    """One pass over the events; `known` are the faults of templates that are no longer in the text."""

    def __init__(self, text: str, known: Sequence[Fault] = ()) -> None:
        self.value: Any = None
        self.root: Node | None = None
        self.known = known
        self.faults = [*known]
        self.holes: list[Path] = []
        self.stopped = False
        self.unquoted: int | None = None
        """Where the template without quotes starts that reading stopped at."""
        self._text = text
        self._frames: list[_Frame] = []
        self._documents = 0
        self._values = 0
        try:
            self._build()
        except yaml.MarkedYAMLError as error:
            self._stop(syntax_fault(error, self._path()))
        except yaml.YAMLError as error:
            self._stop(Fault(code="yaml-syntax", message=f"this is not YAML: {error}", line=0, column=0))
        except _StopReadingError:
            self.stopped = True

    def _build(self) -> None:
        parser = CParser(self._text)
        handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        next_event = parser.get_event
        try:
            while (event := next_event()) is not None:
                handler = handlers.get(type(event))
                if handler is not None:
                    handler(event)
        finally:
            parser.dispose()

    def _stop(self, fault: Fault) -> None:
        self.faults.append(fault)
        self.stopped = True

    def _path(self) -> Path:
        """Where reading is: the keys and list positions of what is open."""
        names = [frame.name for frame in self._frames[1:]]
        if self._frames:
            names.append(self._frames[-1].step)
        return tuple(takewhile(lambda name: name is not None, names))  # type: ignore[arg-type]  # None is left out

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._fault(event, "a file holds one document, and a second one starts here; make it a file of its own")
            raise _StopReadingError
        if event.tags or event.version not in {None, (1, 2)}:
            self._fault(event, "directives other than '%YAML 1.2' are not part of the format; remove them")

    def _scalar(self, event: Any) -> None:
        frame = self._frames[-1] if self._frames else None
        if event.anchor is not None or event.tag is not None:
            self._properties(event)
        text: str = event.value
        style: str | None = event.style
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self._key(frame, event)
            return
        value: Any = text
        if not style:
            try:
                value = plain_value(text)
            except NotJsonError as error:
                self._fault(event, str(error))
                self.holes.append(self._path())
        self._attach(value, Node(event.start_mark, event.end_mark, text=text, style=style))

    def _key(self, frame: _Frame, event: Any) -> None:
        key: str = event.value
        if not event.style and not self._is_text_key(frame, key, event):
            return
        known = frame.node.keys.get(key)
        if known is not None:
            message = f"'{shortened(key)}' is given in line {known.line + 1} already; remove one of the two"
            frame.key = _Dropped(key)
            self._fault(event, message, code="duplicate-key")
            return
        frame.node.keys[key] = event.start_mark
        frame.key = key

    def _is_text_key(self, frame: _Frame, key: str, event: Any) -> bool:
        if key != UNKNOWN_KEY:
            try:
                if isinstance(plain_value(key), str):
                    return True
            except NotJsonError:
                pass
        frame.key = _Dropped(key)
        self.holes.append(self._path())
        if key == UNKNOWN_KEY:
            self._fault(event, "merge keys (<<) are not part of the format; write the keys out")
        else:
            self._fault(event, f"the key '{shortened(key)}' is not text; quote it", hint=f'write "{shortened(key)}":')
        return False

    def _open(self, event: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._properties(event)
        frame = self._frames[-1] if self._frames else None
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self._complex_key(event)
        if len(self._frames) == MAX_LEVELS:
            self._fault(event, f"this is nested deeper than {MAX_LEVELS} levels; make it flatter")
            raise _StopReadingError
        node = Node(event.start_mark, event.end_mark)
        value: dict[str, Any] | list[Any]
        if type(event) is yaml.MappingStartEvent:
            value, node.children = {}, {}
        else:
            value, node.children = [], []
        name = frame.step if frame is not None else None
        self._attach(value, node)
        self._frames.append(_Frame(name, value, node))

    def _close(self, event: Any) -> None:
        self._frames.pop().node.end = event.end_mark

    def _alias(self, event: Any) -> None:
        self._fault(event, f"aliases (*{shortened(event.anchor)}) are not part of the format; write the value out")
        frame = self._frames[-1] if self._frames else None
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self.holes.append((*self._path(), UNKNOWN_KEY))
            frame.key = _Dropped(None)
            return
        self.holes.append(self._path())
        self._attach(None, Node(event.start_mark, event.end_mark))

    def _attach(self, value: Any, node: Node) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            message = (
                f"the file holds more than {MAX_VALUES} values up to here; shorten it, or make several items of it"
            )
            self.faults.append(
                Fault(code="yaml-subset", message=message, line=node.start.line, column=node.start.column)
            )
            raise _StopReadingError
        if not self._frames:
            self.value, self.root = value, node
            return
        frame = self._frames[-1]
        if type(frame.value) is list:
            frame.value.append(value)
            cast("list[Node]", frame.node.children).append(node)
            return
        key, frame.key = frame.key, None
        if isinstance(key, str):
            cast("dict[str, Any]", frame.value)[key] = value
            cast("dict[str, Node]", frame.node.children)[key] = node

    def _properties(self, event: Any) -> None:
        if event.anchor is not None:
            self._fault(
                event,
                f"anchors (&{shortened(event.anchor)}) are not part of the format; write the value out at each place",
            )
        if event.tag is not None:
            self._fault(event, f"tags ({shortened(event.tag)}) are not part of the format; remove it")

    def _complex_key(self, event: Any) -> None:
        start = event.start_mark.index - 1
        if self._text.startswith(TEMPLATE_START, start):
            hint = quoting_hint(self._text, start)
            self._fault(event, "a value that starts with a template must be quoted", hint=hint)
            self.unquoted = start
        else:
            self._fault(event, "a key must be text, not a mapping or list")
        raise _StopReadingError

    def _fault(self, event: Any, message: str, *, code: Code = "yaml-subset", hint: str | None = None) -> None:
        mark, path = event.start_mark, self._path()
        fault = Fault(code=code, message=message, line=mark.line, column=mark.column, path=path, hint=hint)
        self.faults.append(fault)
        if len(self.faults) >= _MOST_FAULTS:
            raise _StopReadingError
