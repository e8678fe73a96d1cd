"""Takes a person's texts out of JSON values and texts, wherever they stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from pydantic import JsonValue

ERASED = "[erased]"
SHORTEST = 4
"""Characters from which a text is found within others; a shorter one only where it stands alone."""

_FILE_NAME = re.compile(r"^data:[^,]*;name=([^;,]*)", re.IGNORECASE)


class Eraser:
    """Replaces the texts of one person."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take them all: names, addresses, the values that were given."""
        wanted = {text.strip() for text in texts if text.strip()}
        self._alone = {text.casefold() for text in wanted}
        within = sorted((text for text in wanted if len(text) >= SHORTEST), key=len, reverse=True)
        self._within = re.compile("|".join(map(re.escape, within)), re.IGNORECASE) if within else None

    def text(self, text: str) -> str:
        """The text without them."""
        if text.strip().casefold() in self._alone:
            return ERASED
        return self._within.sub(ERASED, text) if self._within else text

    def value(self, value: JsonValue) -> JsonValue:
        """A JSON value without them; keys stay."""
        match value:
            case str():
                return self.text(value)
            case {}:
                return {key: self.value(part) for key, part in value.items()}
            case [*entries]:
                return [self.value(entry) for entry in entries]
        return value


def texts_in(value: JsonValue) -> Iterator[str]:
    """The texts of a value that a person gave; of a file its name and its content."""
    match value:
        case str():
            yield value
            if name := _FILE_NAME.match(value):
                yield unquote(name[1])
                yield value.partition("base64,")[2]
        case {}:
            for part in value.values():
                yield from texts_in(part)
        case [*entries]:
            for entry in entries:
                yield from texts_in(entry)


def without_values(value: JsonValue) -> JsonValue:
    """What stands in the place of a value that a person gave: all of its parts are gone."""
    return None if value is None else ERASED
