"""What stands for a file in a request's values where its content is kept in a storage."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from catalog_compiler.data_urls import file_name

FILE = "$file"


class FileReference(BaseModel):
    """A file's place and what it is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    path: str
    """In the storage."""
    size: int
    """In bytes, of the file."""
    digest: str
    """SHA-256 of what is stored."""
    head: str | dict[str, Any]
    """The data URL up to its comma; sealed where the field is secret, and then the content is encrypted."""

    @property
    def secret(self) -> bool:
        """Whether it is of a secret field."""
        return not isinstance(self.head, str)


def is_stored(value: JsonValue) -> bool:
    """Whether a value stands for a file. User input never does: a file comes as a text."""
    return isinstance(value, dict) and value.keys() == {FILE}


def reference_of(value: JsonValue) -> FileReference:
    """What the value of a stored file tells."""
    return FileReference.model_validate(value[FILE] if isinstance(value, dict) else None)


def described(value: JsonValue) -> JsonValue:
    """What people see of a stored file; None where it is secret."""
    reference = reference_of(value)
    if not isinstance(reference.head, str):
        return None
    content_type = reference.head.removeprefix("data:").partition(";")[0]
    return {"filename": file_name(reference.head), "content_type": content_type, "size": reference.size}
