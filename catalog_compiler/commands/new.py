"""`pao new`: writes the file that an item starts from."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from catalog_compiler.actions import UnknownActionTypeError, action_type, action_types
from catalog_compiler.catalog_files import SUFFIX
from catalog_compiler.commands.sources import refuse
from catalog_compiler.item import DEFAULT_CATEGORIES
from catalog_compiler.model import ITEM_ID
from catalog_compiler.starting_file import starting_file

_TICKET, _MESSAGE = "jira-ticket", "webhook"
"""What the manual way starts with: a ticket where that type is installed, else a message."""
_LONGEST_ID = 100


class New:
    """Starts an item."""

    name = "new"
    help = "write a starting file for an item: valid, with comments that say what to change"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("id", metavar="ID", help="the item's id, such as database-postgresql")
        parser.add_argument(
            "--type",
            action="append",
            dest="types",
            metavar="TYPE",
            help=f"the type of an automatic action, once or more: {', '.join(action_types())} (default: manual alone)",
        )
        parser.add_argument(
            "--category", default="other", help=f"such as {', '.join(DEFAULT_CATEGORIES)} (default: other)"
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="where to write it (default: standard output)")
        parser.add_argument("--force", action="store_true", help="replace the file if it is there")

    def run(self, args: argparse.Namespace) -> int:
        """Print or write the file; 2 where it can't be."""
        if not re.fullmatch(ITEM_ID, args.id) or len(args.id) > _LONGEST_ID:
            return refuse(
                self.name,
                f"'{args.id}' can't be an id; write small letters and digits in words joined by single hyphens, "
                f"a letter first, at most {_LONGEST_ID} characters",
            )
        try:
            types = [action_type(name) for name in args.types or ()]
        except UnknownActionTypeError as error:
            return refuse(self.name, error)
        manual = action_type(_TICKET if _TICKET in action_types() else _MESSAGE)
        text = starting_file(args.id, args.category, manual, types)
        if args.output is None:
            print(text, end="")
            return 0
        return self._write(args.output, text, force=args.force)

    def _write(self, file: Path, text: str, *, force: bool) -> int:
        if file.suffix != SUFFIX:
            return refuse(self.name, f"'{file}' would not be served; choose a name that ends with {SUFFIX}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("w" if force else "x", encoding="utf-8") as output:
                output.write(text)
        except FileExistsError:
            return refuse(self.name, f"'{file}' is there already; choose another name, or replace it with --force")
        except OSError as error:
            return refuse(self.name, f"cannot write '{file}': {error.strerror}")
        print(f"wrote {file}; check it with: pao validate {file}")
        return 0


command = New()
