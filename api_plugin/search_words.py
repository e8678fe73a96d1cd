"""The words that a search finds a request by, and the query that looks for them: PostgreSQL's, in words of our making.

Words are runs of letters and digits, whatever their case. A search gives beginnings of words, and all must be there.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from pydantic import JsonValue

from catalog_compiler.data_urls import file_name
from catalog_compiler.plan import FieldPlan

LONGEST = 64
"""Characters of a word that count."""
OF_A_VALUE = 1000
"""Characters of a value that are looked at."""
OF_A_REQUEST = 200
"""Words that a request is found by."""
OF_A_SEARCH = 10
"""Words of a search that count."""

_WORD = re.compile(r"[^\W_]+")
_ID_START = re.compile(r"[0-9a-f]{4,32}")
_ID_PARTS = (8, 4, 4, 4, 12)


def request_words(texts: Iterable[str | None], fields: Iterable[FieldPlan], values: Mapping[str, JsonValue]) -> str:
    """The words of a request's own texts and of its values, as PostgreSQL's `tsvector` reads them.

    Of a secret value there are none, and of a file there is its name.
    """
    shown = (_texts(field, values.get(field.id)) for field in fields if not field.sensitive)
    every = (text for some in ((text for text in texts if text), *shown) for text in some)
    words = dict.fromkeys(word for text in every for word in _words(text))
    return " ".join(f"'{word}'" for word in islice(words, OF_A_REQUEST))


def search_query(search: str) -> str | None:
    """The search as PostgreSQL's `tsquery` reads it; None where it holds no word."""
    words = list(dict.fromkeys(_words(search)))[:OF_A_SEARCH]
    return " & ".join(f"'{word}':*" for word in words) or None


def id_range(search: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The first and the last id that begin like the search; None where no id does, or too many would."""
    given = search.strip().lower()
    digits = given.replace("-", "")
    if not _ID_START.fullmatch(digits) or given.rstrip("-") not in {digits, _with_dashes(digits)}:
        return None
    return uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))


def _with_dashes(digits: str) -> str:
    ends = [sum(_ID_PARTS[: number + 1]) for number in range(len(_ID_PARTS))]
    parts = [digits[end - size : end] for end, size in zip(ends, _ID_PARTS, strict=True)]
    return "-".join(part for part in parts if part)


def _words(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", text[:OF_A_VALUE]).casefold()
    return (word[:LONGEST] for word in _WORD.findall(plain))


def _texts(field: FieldPlan, value: JsonValue) -> Iterator[str]:
    match value:
        case bool() | None:
            return
        case str():
            yield file_name(value) if field.type == "file" else value
        case int() | float():
            yield str(value)
        case list():
            for part in value:
                yield from _texts(field, part)
        case dict():
            for part in value.values():
                yield from _texts(field, part)
