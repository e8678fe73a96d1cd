"""What can be wrong with a `github-workflow` config beyond its model, seen before there is a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog_compiler.actions import ConfigFacts, ConfigProblem
from catalog_compiler.templates import TemplateSyntaxError, parse
from pao_actions.github.config import MAX_INPUTS


def workflow_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    """All problems of a raw config whose model has none."""
    yield from _choice_problems(config, facts)
    yield from _wait_problems(config)
    yield from _correlation_problems(config)


def _choice_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    """A requester must not be able to start whatever the connection may start."""
    for key in ("repository", "workflow_id"):
        for path, reference in _references(config.get(key)):
            if not _chosen_by_author(reference, facts):
                yield ConfigProblem(
                    path=(key,),
                    message=f"'{path}' decides which workflow is started",
                    hint="use constants, 'header.*', 'env.*' or fields of type selection",
                )


def _references(text: object) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if not isinstance(text, str):
        return
    try:
        expressions = parse(text).expressions
    except TemplateSyntaxError:
        return
    for expression in expressions:
        yield expression.path, tuple(expression.reference)


def _chosen_by_author(reference: tuple[str | int, ...], facts: ConfigFacts) -> bool:
    root, *rest = reference
    if root == "fields":
        return len(rest) == 1 and facts.field_types.get(str(rest[0])) == "selection"
    return root in ("env", "header")


def _wait_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    if config.get("wait", True) in (False, "false") and config.get("timeout") is not None:
        yield ConfigProblem(
            path=("timeout",),
            message="'timeout' limits the wait for the run's end, and 'wait' is false",
            hint="take one of them out",
        )


def _correlation_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    name, inputs = config.get("correlation_input"), config.get("inputs")
    if name is None or not isinstance(inputs, Mapping):
        return
    if name in inputs:
        yield ConfigProblem(
            path=("inputs", name),
            message=f"the input '{name}' takes the id that 'correlation_input' asks for",
            hint="take it out of 'inputs', or name another input",
        )
    elif len(inputs) >= MAX_INPUTS:
        yield ConfigProblem(
            path=("correlation_input",),
            message=f"GitHub takes {MAX_INPUTS} inputs at most, and with this one there are {len(inputs) + 1}",
            hint="join some of the inputs as JSON",
        )
