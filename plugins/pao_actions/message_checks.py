"""What can be said of a message's texts before there is a request; for the types `slack`, `teams` and `email`."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_compiler.actions import ConfigProblem
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from catalog_compiler.templates import EncodingError, TemplateSyntaxError, has_template, parse, sample


def constant(text: object) -> str | None:
    """The text where it holds no template; None otherwise."""
    return text if isinstance(text, str) and not has_template(text) else None


def sample_problem(text: object, encoding: Encoding, path: Path) -> Iterator[ConfigProblem]:
    """A problem where an expression stands at a place that takes no value."""
    if not isinstance(text, str):
        return
    try:
        sample(parse(text), encoding)
    except EncodingError as error:
        yield ConfigProblem(path=path, message=str(error))
    except TemplateSyntaxError:
        return  # reported by the checks of templates
