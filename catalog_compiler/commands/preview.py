"""`pao preview`: shows what a request for an item would do, with the secrets masked. Nothing is called."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from catalog_compiler.commands.sources import SourceError, add_path, named_item, read_catalog_at, refuse
from catalog_compiler.plan_text import preview_text
from catalog_compiler.previewing import preview
from catalog_compiler.problems import errors
from catalog_compiler.reporters import problems_text
from catalog_compiler.submission import FieldError, check_submission

_REFUSED = 1


class Preview:
    """Previews a request."""

    name = "preview"
    help = "show what a request would do, with the fields filled in; calls nothing"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("item", metavar="ITEM", help="the id of the item")
        parser.add_argument(
            "--fields",
            metavar="FILE",
            help="a JSON file with the values: an object with a key for each field; - reads standard input "
            "(default: no values)",
        )
        add_path(parser, "--catalog")
        parser.add_argument("--mode", choices=("automatic", "manual"), help="(default: automatic where there is one)")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how to show it (default: text)")

    def run(self, args: argparse.Namespace) -> int:
        """Print the actions; 1 with the errors of an invalid item or invalid fields, 2 where nothing can be shown."""
        try:
            report, _ = read_catalog_at(args.catalog)
            found = named_item(report, args.item)
            fields = _fields(args.fields)
        except SourceError as error:
            return refuse(self.name, error)
        if found.item is None or found.plan is None:
            print(problems_text(errors(found.problems)), file=sys.stderr)
            return _REFUSED
        if args.mode is not None and args.mode not in found.plan.modes:
            return refuse(self.name, f"'{args.item}' has no {args.mode} fulfillment; leave --mode out")
        submission = check_submission(found.item, fields, now=datetime.now(UTC))
        if submission.errors:
            print(_errors(submission.errors, args.format))
            return _REFUSED
        actions = preview(found.item, found.plan, submission.values, None, mode=args.mode)
        if args.format == "json":
            print(_json({"actions": [action.model_dump(mode="json") for action in actions]}))
        else:
            print(preview_text(actions))
        return 0


command = Preview()


def _fields(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        values = json.loads(text, parse_constant=_refuse_constant)
    except OSError as error:
        raise SourceError(f"cannot read '{name}': {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"'{name}' is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise SourceError(f'\'{name}\' must hold an object with a key for each field, such as {{"name": "orders"}}')
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _errors(found: tuple[FieldError, ...], form: str) -> str:
    if form == "json":
        entries = [{"pointer": error.pointer, "code": error.code, "message": error.message} for error in found]
        return _json({"errors": entries})
    return "\n".join(f"{error.pointer}: error[{error.code}]: {error.message}" for error in found)


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)
