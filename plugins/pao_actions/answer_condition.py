"""Conditions on an answer, for `poll`: a status, or what a JSONPath finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from catalog_compiler.actions import ConfigProblem
from catalog_compiler.problems import Path
from catalog_compiler.templates import has_template
from pao_actions.http_answer import HttpAnswer
from pao_actions.response_mapping import MappingError, find_all, path_problem, read_json

_JUDGEMENTS = ("equals", "in", "exists")


class AnswerCondition(BaseModel):
    """What must hold of an answer; of several keys all must."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = None
    """A JSONPath (RFC 9535) into the answer; where it finds several values, one that fits is enough."""
    equals: JsonValue = None
    """The value that `path` must find."""
    one_of: Annotated[list[JsonValue], Field(min_length=1)] | None = Field(default=None, alias="in")
    """The values of which `path` must find one."""
    exists: bool | None = None
    """Whether `path` must find anything."""
    status_codes: Annotated[tuple[Annotated[int, Field(ge=100, le=599)], ...], Field(min_length=1)] | None = None
    """The status codes of which the answer must have one."""

    def holds(self, answer: HttpAnswer) -> bool:
        """Whether the answer is so; one that is not JSON holds no values."""
        if self.status_codes is not None and answer.status not in self.status_codes:
            return False
        if self.path is None:
            return True
        found = values_at(self.path, answer)
        if self.exists is not None and bool(found) is not self.exists:
            return False
        if "equals" in self.model_fields_set and not any(same(value, self.equals) for value in found):
            return False
        return self.one_of is None or any(same(value, wanted) for value in found for wanted in self.one_of)

    def told(self) -> str:
        """The condition in words, for messages."""
        parts = [] if self.status_codes is None else [f"status {' or '.join(map(str, self.status_codes))}"]
        if self.path is not None:
            parts.append(self.path)
        return " and ".join(parts)


Conditions = AnswerCondition | Annotated[list[AnswerCondition], Field(min_length=1)]
"""One condition, or several of which one is enough."""


def as_list(conditions: Conditions | None) -> Sequence[AnswerCondition]:
    """The conditions, of which one is enough."""
    if conditions is None:
        return ()
    return [conditions] if isinstance(conditions, AnswerCondition) else conditions


def values_at(path: str, answer: HttpAnswer) -> list[JsonValue]:
    """What a path finds in an answer; nothing in one that is not JSON, or is longer than answers may be."""
    if not answer.complete:
        return []
    try:
        return find_all(path, read_json(answer.body))
    except MappingError:
        return []


def same(one: JsonValue, other: JsonValue) -> bool:
    """Whether two JSON values are the same; unlike in Python, true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    match one, other:
        case [*ones], [*others]:
            return len(ones) == len(others) and all(map(same, ones, others))
        case dict(), dict():
            return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return one == other


def condition_problems(conditions: object, where: Path) -> Iterator[ConfigProblem]:
    """What is wrong with one raw condition or a list of them."""
    if isinstance(conditions, list):
        for position, condition in enumerate(conditions):
            yield from condition_problems(condition, (*where, position))
    if not isinstance(conditions, Mapping):
        return
    path: Any = conditions.get("path")
    judgements = [key for key in _JUDGEMENTS if key in conditions]
    if path is None and "status_codes" not in conditions:
        yield ConfigProblem(
            path=where,
            message="the condition says nothing of the answer",
            hint="write for example {path: $.status, in: [done]} or {status_codes: [200]}",
        )
    elif path is None and judgements:
        yield ConfigProblem(
            path=(*where, judgements[0]),
            message=f"'{judgements[0]}' has no effect without a 'path'",
            hint="add the path of the value that is meant, as in path: $.status",
        )
    elif path is not None and not judgements:
        yield ConfigProblem(
            path=(*where, "path"),
            message="nothing is said of what the path finds",
            hint="add 'equals', 'in' or 'exists'",
        )
    if isinstance(path, str) and not has_template(path) and (problem := path_problem(path.removesuffix("?"))):
        yield ConfigProblem(
            path=(*where, "path"), message=problem, hint="a path starts at the answer's root, as in $.status"
        )
