"""The order of a list of actions: what each waits for, and whether that can ever begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from catalog_compiler.findings import Finding, circle, did_you_mean
from catalog_compiler.planning import resolved_dependencies
from catalog_compiler.sentences import shown

if TYPE_CHECKING:
    from catalog_compiler.model import Action
    from catalog_compiler.problems import Path


@dataclass(frozen=True, slots=True)
class Graph:
    """What each action of a list waits for, by name; names that do not exist are left out.

    Of several actions with one name, which is an error of its own, the first counts.
    """

    waits_for: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, named: Sequence[tuple[str, Action]]) -> Graph:
        """The graph of named actions."""
        names = {name for name, _ in named}
        pairs = zip(named, resolved_dependencies(named), strict=True)
        waits_for: dict[str, frozenset[str]] = {}
        for (name, _), depends_on in pairs:
            waits_for.setdefault(name, frozenset(names.intersection(depends_on)))
        return cls(waits_for)

    def before(self, name: str) -> frozenset[str]:
        """Names of all actions that have surely ended before this one starts."""
        found: set[str] = set()
        waiting = list(self.waits_for[name])
        while waiting:
            other = waiting.pop()
            if other not in found:
                found.add(other)
                waiting.extend(self.waits_for[other])
        return frozenset(found)


def check_dependencies(named: Sequence[tuple[str, Action]], graph: Graph, root: Path) -> Iterator[Finding]:
    """Unknown names in `depends_on`, and circles; `root` is the path of the fulfillment."""
    names = [name for name, _ in named]
    for position, (name, action) in enumerate(named):
        for place, other in enumerate(action.depends_on or ()):
            if other not in graph.waits_for:
                yield Finding(
                    path=(*root, "actions", position, "depends_on", place),
                    code="unknown-dependency",
                    message=f"no action of this list is called {shown(other)}",
                    hint=did_you_mean(other, [known for known in names if known != name]),
                )
    for found in _circles(graph):
        position = min(place for place in map(names.index, found) if named[place][1].depends_on is not None)
        yield Finding(
            path=(*root, "actions", position, "depends_on"),
            code="dependency-cycle",
            message=f"these actions wait for each other, so none can start: {circle(found)}",
            hint="remove one of these dependencies",
        )


def _circles(graph: Graph) -> Iterator[list[str]]:
    """Circles of actions, each waiting for the next; an action is in one of them at most."""
    waits_for = dict(graph.waits_for)
    while True:
        try:
            TopologicalSorter(waits_for).prepare()
        except CycleError as error:
            found: list[str] = list(reversed(error.args[1]))
            yield found
            for name in found:
                waits_for.pop(name, None)
        else:
            return
