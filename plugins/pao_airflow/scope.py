"""Which texts of what templates see are secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import quote, urlsplit

from pydantic import JsonValue

from catalog_compiler.file_references import is_stored, reference_of
from catalog_compiler.sealing import is_sealed
from pao_airflow.action_log import SHORTEST_MASKED


def secret_texts(pairs: Iterable[tuple[JsonValue, JsonValue]], env: Mapping[str, str]) -> frozenset[str]:
    """The texts to mask in what others write: those of sealed values (pairs of stored and opened), and of `env.*`.

    Each in all the forms that a call may give it: as it is, percent-encoded, and the parts of a URL.
    """
    found = set(env.values())
    for stored, opened in pairs:
        if is_sealed(stored):
            found.update(_texts(opened))
    return frozenset(
        form for text in found for part in (text, text.strip(), *_url_parts(text)) for form in _encoded(part)
    )


def secret_pair(stored: JsonValue, opened: JsonValue) -> tuple[JsonValue, JsonValue]:
    """A value of a request as a pair of stored and opened; of a stored file, what tells whether it is secret."""
    if not is_stored(stored):
        return stored, opened
    return reference_of(stored).head, None if is_stored(opened) else opened


def opened_pairs(
    stored: Mapping[str, JsonValue], opened: Mapping[str, JsonValue]
) -> Iterator[tuple[JsonValue, JsonValue]]:
    """Outputs as pairs of stored and opened; those whose parts are sealed by themselves give a pair for each part."""
    for name, value in stored.items():
        inner = opened[name]
        if isinstance(value, dict) and isinstance(inner, dict) and not is_sealed(value):
            yield from ((part, inner[key]) for key, part in value.items())
        else:
            yield value, inner


def _encoded(text: str) -> Iterator[str]:
    yield text
    with suppress(UnicodeEncodeError):  # A lone surrogate stands in no URL.
        yield quote(text, safe="")
        yield quote(text)


def _url_parts(text: str) -> Iterator[str]:
    """What messages and targets tell of a URL without its scheme. A host alone is no secret: errors must name it."""
    with suppress(ValueError):
        url = urlsplit(text.strip())
        path = url.path.rstrip("/")
        if not (url.scheme and url.netloc and (path or url.query)):
            return
        host = url.netloc.rpartition("@")[2]
        ends = (path, f"{url.path}?{url.query}") if url.query else (path,)
        for end in ends:
            yield f"{url.netloc}{end}"
            yield f"{host}{end}"
            if len(end.strip("/")) >= SHORTEST_MASKED:
                yield end
        yield url.query


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    parts: Iterable[JsonValue] = ()
    if isinstance(value, list):
        parts = value
    elif isinstance(value, dict):
        parts = value.values()
    for part in parts:
        yield from _texts(part)
