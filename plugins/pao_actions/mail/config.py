"""What the `email` action takes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MOST_RECIPIENTS = 100
"""Addresses in `to`, `cc` and `bcc` together."""
LONGEST_SUBJECT = 998
"""Characters; more than a line of mail can hold."""


def _addresses(value: Any) -> Any:
    """A list of what was given, without what is empty: an optional field that nobody filled in is no address."""
    entries = value if isinstance(value, list | tuple) else [value]
    flat = [inner for entry in entries for inner in (entry if isinstance(entry, list) else [entry])]
    return [entry for entry in flat if entry not in (None, "")]


def _somebody(addresses: tuple[str, ...]) -> tuple[str, ...]:
    if not addresses:
        raise ValueError("it names nobody; give at least one address")
    return addresses


Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses, json_schema_input_type=str | list[str])]
"""One address or a list; an entry that is one reference may give a list as well."""


class EmailConfig(BaseModel):
    """A letter with its templates resolved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: str = "smtp_default"
    """An Airflow connection of type `smtp`: the server, how to sign in, and the sender."""
    to: Annotated[Addresses, AfterValidator(_somebody)]
    """Who gets it: an address, or a list; empty entries are left out."""
    cc: Addresses = ()
    """Who gets a copy."""
    bcc: Addresses = ()
    """Who gets a copy that the others do not see."""
    reply_to: str | None = None
    """Where answers go; by default to the sender."""
    subject_template: Annotated[str, Field(min_length=1)]
    """The subject, one line."""
    body_template: Annotated[str, Field(min_length=1)]
    """The text."""
    html_template: str | None = None
    """The same as HTML, for programs that show it; values stand in text and in quoted attributes."""
    timeout: Annotated[float, Field(gt=0, le=600)] = 60.0
    """Seconds for the whole delivery to the server."""
