"""What a `github-workflow` action is told: what to start, with which inputs, whether to wait."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from catalog_compiler.templates.text import text_of

MAX_INPUTS = 25
"""GitHub's limit for one dispatch; Enterprise Server up to 3.19 takes 10, and says so itself."""

MAX_INPUT_CHARACTERS = 65_535
"""GitHub's limit for all inputs of a dispatch together."""

LONGEST_RUN = 35 * 24 * 3600
"""Seconds after which GitHub itself ends a run."""

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,99}(?:_[A-Za-z0-9]+)?)?"
_REPOSITORY = re.compile(rf"(?:{_NAME}/)?(?!\.\.?\Z)[A-Za-z0-9._-]{{1,100}}")
_WORKFLOW = re.compile(r"[1-9][0-9]{0,18}|[^/\\\x00-\x1f\x7f]{1,250}\.ya?ml")
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[/.-]|[/.]$|\.lock$")
_INPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,254}")


def _repository(value: str) -> str:
    if not _REPOSITORY.fullmatch(value):
        raise ValueError(
            "write 'owner/name', or the name alone where the connection names the owner; letters, digits, '.', '-' and "
            "'_' only"
        )
    return value


def _workflow_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _workflow(value: str) -> str:
    if not _WORKFLOW.fullmatch(value):
        raise ValueError("write the name of the workflow's file, as in 'deploy.yml' and without folders, or its number")
    return value


def _ref(value: str) -> str:
    if not value or len(value) > 255 or _NO_REF.search(value):  # noqa: PLR2004 - longer names fit no file system
        raise ValueError("write the name of a branch or tag, as git allows it")
    return value


def _input_name(value: str) -> str:
    if not _INPUT.fullmatch(value):
        raise ValueError("an input's name has letters, digits, '-' and '_', and begins with a letter or '_'")
    return value


def _inputs(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name in values:
        if not _INPUT.fullmatch(name):
            raise ValueError(
                f"the input {name[:60]!r} can't exist; an input's name has letters, digits, '-' and '_', and begins "
                "with a letter or '_'"
            )
    if len(values) > MAX_INPUTS:
        raise ValueError(f"GitHub takes {MAX_INPUTS} inputs at most, and there are {len(values)}; join some as JSON")
    length = sum(len(name) + len(text) for name, text in texts_of(values).items())
    if length > MAX_INPUT_CHARACTERS:
        raise ValueError(
            f"GitHub takes {MAX_INPUT_CHARACTERS} characters of inputs at most, and there are {length}; shorten them"
        )
    return values


def texts_of(inputs: dict[str, JsonValue]) -> dict[str, str]:
    """The inputs as GitHub wants them: texts, with numbers, booleans, lists and objects as JSON; null is left out."""
    return {name: text_of(value) for name, value in inputs.items() if value is not None}


InputName = Annotated[str, AfterValidator(_input_name)]


class GithubWorkflowConfig(BaseModel):
    """A workflow to start, by its `workflow_dispatch` trigger."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: Annotated[str, AfterValidator(_repository)]
    """The repository as `owner/name`, or its name alone where the connection names the owner."""
    workflow_id: Annotated[
        str, BeforeValidator(_workflow_text, json_schema_input_type=str | int), AfterValidator(_workflow)
    ]
    """The workflow's file below `.github/workflows/`, as in `deploy.yml`, or its number."""
    ref: Annotated[str, AfterValidator(_ref)]
    """The branch or tag whose workflow file runs."""
    inputs: Annotated[dict[str, JsonValue], AfterValidator(_inputs)] = Field(default_factory=dict)
    """The workflow's inputs, as texts: numbers, booleans, lists and objects are sent as JSON, null is left out."""
    connection: str = "github_default"
    """The Airflow `github` connection: who signs in, and where Enterprise stands."""
    wait: bool = True
    """Whether the action lasts until the run has ended, and fails where it fails."""
    timeout: Annotated[float, Field(gt=0, le=LONGEST_RUN)] | None = None
    """Seconds to wait for the run's end; then it is cancelled, and the action fails. By default no limit."""
    correlation_input: InputName | None = None
    """The input that takes an id of this action, which the workflow shows in its `run-name`: so its run is found."""

    def sent_inputs(self, correlation: str | None) -> dict[str, str]:
        """The inputs as they are sent, with the correlation where an input takes one."""
        texts = texts_of(self.inputs)
        return (
            texts
            if self.correlation_input is None or correlation is None
            else {**texts, self.correlation_input: correlation}
        )

    def branch(self) -> str:
        """The ref without what git writes before it, as runs show it."""
        return self.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
