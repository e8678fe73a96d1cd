"""`pao validate`: checks a catalog, or one file of it, and says everything that is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from catalog_compiler.catalog import compile_catalog
from catalog_compiler.catalog_files import read_part
from catalog_compiler.problems import errors
from catalog_compiler.reporters import render

_VALID, _INVALID, _COULD_NOT_RUN = 0, 1, 2


class Validate:
    """Validates a catalog repository, a folder of items, or one file."""

    name = "validate"
    help = "check a catalog and report everything that is wrong with it"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            default=Path(),
            metavar="PATH",
            help="a catalog repository, a folder of items, or one file (default: the current folder)",
        )
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how to report (default: text)")

    def run(self, args: argparse.Namespace) -> int:
        """Print the report; 0 where the catalog is valid, 1 where it is not, 2 where it cannot be read."""
        try:
            report = compile_catalog(list(read_part(args.path)))
        except OSError as error:
            return _refuse(f"cannot read '{error.filename or args.path}': {error.strerror}")
        if not report.items and not report.problems:
            return _refuse(
                f"there is no item in '{args.path}'; name a catalog repository, or a file that ends with .yaml"
            )
        print(render(report, args.format))
        return _INVALID if errors(report.problems) else _VALID


command = Validate()


def _refuse(sentence: str) -> int:
    print(f"pao validate: {sentence}", file=sys.stderr)
    return _COULD_NOT_RUN
