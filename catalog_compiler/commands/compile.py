"""`pao compile`: shows what each item becomes."""

from __future__ import annotations

import argparse
import json
import sys

from catalog_compiler.commands.sources import SourceError, add_path, named_item, read_catalog_at, refuse
from catalog_compiler.plan_text import plan_text
from catalog_compiler.problems import errors
from catalog_compiler.reporters import problems_text


class Compile:
    """Compiles a catalog, or one item of it, to plans."""

    name = "compile"
    help = "show what each item becomes: its actions, their order, retries and rollbacks"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        add_path(parser)
        parser.add_argument("item", nargs="?", metavar="ITEM", help="the id of one item (default: all)")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="text, or the plans as they are")

    def run(self, args: argparse.Namespace) -> int:
        """Print the plans of valid items, and on standard error what is wrong with others.

        0 where all of them are valid, 1 where one is not, 2 where there is none to compile.
        """
        try:
            report, _ = read_catalog_at(args.path)
            items = report.items if args.item is None else (named_item(report, args.item),)
        except SourceError as error:
            return refuse(self.name, error)
        plans = [item.plan for item in items if item.plan is not None]
        if args.format == "text":
            if plans:
                print("\n\n".join(map(plan_text, plans)))
        elif args.item is None or plans:
            contents = [plan.model_dump(mode="json") for plan in plans]
            print(json.dumps(contents if args.item is None else contents[0], indent=2, ensure_ascii=False))
        wrong = errors(report.problems if args.item is None else items[0].problems)
        if wrong:
            print(problems_text(wrong), file=sys.stderr)
        return 1 if wrong else 0


command = Compile()
