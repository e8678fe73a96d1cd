"""The platform's limit for files, in the place of an item's own: the API's forms and verdicts take it from here."""

from __future__ import annotations

from catalog_compiler.model import FormField, Item


def with_file_limit(item: Item, largest: int) -> Item:
    """The item whose `file` fields without a `max` have this one, in bytes."""
    groups = tuple(
        group.model_copy(update={"fields": tuple(_limited(field, largest) for field in group.fields)})
        for group in item.presentation.groups
    )
    presentation = item.presentation.model_copy(update={"groups": groups})
    return item.model_copy(update={"presentation": presentation})


def _limited(field: FormField, largest: int) -> FormField:
    if field.type != "file" or field.validation.max is not None:
        return field
    validation = field.validation.model_copy(update={"max": largest})
    return field.model_copy(update={"validation": validation})
