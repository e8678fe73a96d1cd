"""URLs with places for what an answer holds: `{$.operation.id}` for a JSONPath, `{Operation-Location}` for a header.

A value in a place adds no structure to the URL: it is percent-encoded. Only a URL that is one place is led by the
answer itself, and goes no further than credentials may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urljoin

from pydantic import JsonValue

from catalog_compiler.actions import ConfigProblem
from catalog_compiler.problems import Path
from catalog_compiler.templates.text import text_of
from pao_actions.answer_condition import values_at
from pao_actions.exceptions import PermanentError
from pao_actions.http_answer import HttpAnswer
from pao_actions.response_mapping import is_singular, path_problem

WHERE_IT_GOES_ON = ("Operation-Location", "Location")
"""The headers by which an answer says where to look, the first of which counts."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_AUTHORITY = re.compile(r"(?:[^/?#{]*:)?//[^/?#]*")

Places = Mapping[str, str]
"""What each place holds, by what stands in it."""


def places_in(url: str | None) -> tuple[str, ...]:
    """What stands in the places of a URL; without a URL, the answer's own header is the place."""
    if url is None:
        return ("",)
    return tuple(_PLACE.findall(url))


def fill_in(names: tuple[str, ...], answer: HttpAnswer) -> dict[str, str]:
    """What an answer holds for each place.

    Raises:
        PermanentError: if it does not hold one of them; the message names it.
    """
    return {name: _found(name, answer) for name in names}


def expanded(url: str | None, places: Places, base: str) -> str:
    """The URL with its places filled in; `base` is where one that the answer gave starts if it is relative.

    Raises:
        PermanentError: if a value would change where the URL leads.
    """
    if absent := [name for name in places_in(url) if name not in places]:
        name = absent[0] or "Location"
        raise PermanentError(f"the first answer held nothing for '{{{name}}}', so where to go on is not known")
    if url is None:
        return urljoin(base, places[""])
    if whole := _PLACE.fullmatch(url):
        return urljoin(base, places[whole[1]])
    return _PLACE.sub(lambda place: _segment(place[1], places[place[1]]), url)


def led_by_answer(url: str | None) -> bool:
    """Whether the answer alone says where the URL leads."""
    return url is None or _PLACE.fullmatch(url) is not None


def place_problems(url: object, where: Path) -> Iterator[ConfigProblem]:
    """What is wrong with the places of a raw URL, which may hold templates too."""
    if not isinstance(url, str):
        return
    flat = _TEMPLATE.sub(lambda template: "x" * len(template[0]), url)
    authority = _AUTHORITY.match(flat)
    if authority and "{" in authority[0]:
        yield ConfigProblem(
            path=where,
            message="a place in the host decides which host is called",
            hint="write scheme and host out, or let the whole URL be one place, as in '{$.links.status}'",
        )
    for name in _PLACE.findall(flat):
        if problem := _place_problem(name):
            yield ConfigProblem(path=where, message=problem, hint=_HINT)
    if any(brace in _PLACE.sub("", flat) for brace in "{}"):
        yield ConfigProblem(path=where, message="a brace has no partner", hint=_HINT)


_HINT = "a place is a JSONPath as in '{$.operation.id}', or a header as in '{Location}'"


def _place_problem(name: str) -> str | None:
    if not name.startswith("$"):
        return None if _HEADER.fullmatch(name) else f"'{{{name}}}' is neither a JSONPath nor the name of a header"
    if problem := path_problem(name.removesuffix("?")):
        return problem
    return None if is_singular(name) else f"'{{{name}}}' may find several values, and a URL takes one"


def _found(name: str, answer: HttpAnswer) -> str:
    if not name:
        value = next((str(found) for header in WHERE_IT_GOES_ON if (found := answer.headers.get(header))), None)
        missing = "has no 'Location' or 'Operation-Location' that says where to look"
    elif name.startswith("$"):
        value = _text(next(iter(values_at(name, answer)), None))
        missing = f"holds no text or number at {name}"
    else:
        value = str(answer.headers.get(name, ""))
        missing = f"has no header '{name}'"
    if not value:
        raise PermanentError(
            f"{answer.target} answered {answer.status}, but the answer {missing}, so what goes on there can't be "
            "followed; correct the 'url' in 'poll' or 'cancel'",
            effect_possible=True,
        )
    return value


def _text(value: JsonValue) -> str | None:
    if isinstance(value, str):
        return value
    return text_of(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _segment(name: str, value: str) -> str:
    if value in (".", ".."):
        raise PermanentError(
            f"the answer's value for '{{{name}}}' is '{value}', which would change where the URL leads",
            effect_possible=True,
        )
    return quote(value, safe="")
