"""What every model of the API's operations shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from catalog_compiler.field_types.values import storable


def _storable(text: str) -> str:
    if not storable(text):
        raise PydanticCustomError("invalid-characters", "must not hold NUL characters or broken Unicode; remove them")
    return text


StorableText = Annotated[str, AfterValidator(_storable)]
"""A text that the database takes."""


class Answer(BaseModel):
    """Base of what the API answers."""

    model_config = ConfigDict(frozen=True)
