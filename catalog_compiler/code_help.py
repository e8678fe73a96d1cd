"""What each code of validation means and what to do about it, for reports that carry a help text and for the docs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from catalog_compiler.problems import Code


class CodeHelp(NamedTuple):
    """One code in two sentences."""

    meaning: str
    remedy: str


CODE_HELP: Mapping[Code, CodeHelp] = MappingProxyType(
    {
        "yaml-syntax": CodeHelp(
            "The file is not YAML, or not UTF-8.",
            "Correct what stands at this place; texts that hold ': ' or ' #' need quotes.",
        ),
        "yaml-subset": CodeHelp(
            "The file uses a part of YAML that the format leaves out: anchors, tags, merge keys, several documents.",
            "Write plain mappings, lists and values; write a repeated value out at each place.",
        ),
        "duplicate-key": CodeHelp("A mapping has the same key twice.", "Remove one of the two."),
        "file-extension": CodeHelp("The file ends with .yml, so it is not served.", "Rename it to end with .yaml."),
        "file-too-large": CodeHelp("The file is larger than 1 MiB.", "Shorten it, or make several items of it."),
        "missing-section": CodeHelp(
            "A section that every item needs is missing.", "Add header, presentation and fulfillment.manual."
        ),
        "missing-key": CodeHelp("A required key is missing.", "Add the key with a value."),
        "unknown-key": CodeHelp(
            "The format has no such key here.",
            "Correct the spelling, remove the key, or start it with x- if it is your own.",
        ),
        "wrong-type": CodeHelp(
            "A value is of another kind than what belongs here: text, number, true or false, list, mapping.",
            "Write a value of that kind; quote what is meant as text.",
        ),
        "invalid-value": CodeHelp("A value is not one of those allowed here.", "Write one that the message allows."),
        "duplicate-id": CodeHelp("The same id is there twice.", "Give one of the two an id of its own."),
        "duplicate-order": CodeHelp("Two siblings have the same order.", "Give each an order of its own."),
        "invalid-pattern": CodeHelp(
            "A pattern can't be used, or not in linear time (RE2).",
            "Write it without lookarounds and back-references; several patterns can stand under validation.patterns.",
        ),
        "invalid-range": CodeHelp(
            "The limits contradict each other or have no meaning.", "Lower the minimum or raise the maximum."
        ),
        "invalid-default": CodeHelp(
            "The default would be refused if somebody submitted it.", "Change the default, or the field's limits."
        ),
        "missing-enum": CodeHelp(
            "A selection has nothing to choose from.", "List the values under options or validation.enum."
        ),
        "unknown-field-type": CodeHelp("There is no such field type.", "Write one of the fifteen types of the format."),
        "unknown-condition-field": CodeHelp(
            "A condition names a field that the item does not have.", "Correct the name, or add the field."
        ),
        "invalid-condition": CodeHelp(
            "A condition can't be evaluated, or can never be true.",
            "Use an operator that fits the field's type, and a value that the field can have.",
        ),
        "condition-cycle": CodeHelp(
            "Conditions of fields depend on each other in a circle.", "Drop one of these conditions."
        ),
        "unknown-action-type": CodeHelp(
            "No installed package registers this action type.", "Correct the name, or install the package."
        ),
        "invalid-action-config": CodeHelp(
            "An action's config is not what its type expects.", "Correct the key or value that the message names."
        ),
        "duplicate-action-name": CodeHelp(
            "Two actions of one list have the same name.", "Give each a name of its own."
        ),
        "unknown-dependency": CodeHelp(
            "An action waits by depends_on for one that is not in the same list.",
            "Correct the name, or add the action.",
        ),
        "dependency-cycle": CodeHelp(
            "Actions wait for each other, so none can start.", "Remove one of these dependencies."
        ),
        "template-syntax": CodeHelp(
            "What stands between {{ and }} is not a reference with filters.",
            "Write {{ path }} or {{ path | filter }}; {{ '{{' }} writes a literal {{.",
        ),
        "unknown-reference": CodeHelp(
            "A template refers to something that does not exist.",
            "References start with fields, header, request, response or env.",
        ),
        "unknown-field-reference": CodeHelp(
            "A template refers to a field that the item does not have.", "Correct the name, or add the field."
        ),
        "unknown-header-reference": CodeHelp(
            "A template refers to a key that the header does not have.", "Correct the name."
        ),
        "unknown-response-reference": CodeHelp(
            "A template refers to an action or an output that does not exist.",
            "Correct the name, or add the output to that action.",
        ),
        "response-not-available": CodeHelp(
            "A template refers to an action that does not surely run before.",
            "Move the action after it, or let it wait with depends_on.",
        ),
        "unknown-filter": CodeHelp(
            "There is no such filter, or it is called wrongly.", "Use one of the filters with its arguments."
        ),
        "suspicious-secret": CodeHelp(
            "A text looks like a secret of the shell, and is sent as it stands; or a credential is written out.",
            "Write {{env.NAME}} for an Airflow Variable PAO_NAME.",
        ),
        "ambiguous-text": CodeHelp(
            "A number without quotes stands where text is meant.", "Put it in quotes if it is text."
        ),
        "version-not-raised": CodeHelp(
            "The item's content changed and its version did not go up.", "Raise header.version."
        ),
        "breaking-change": CodeHelp(
            "What was accepted before is refused now, within the same major version.",
            "Raise the major version, or take the change back.",
        ),
    }
)
"""Every code."""
