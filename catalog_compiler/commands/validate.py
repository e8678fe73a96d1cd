"""`pao validate`: checks a catalog, or one file of it, and says everything that is wrong."""

from __future__ import annotations

import argparse

from catalog_compiler.commands.sources import SourceError, add_path, read_catalog_at, refuse, with_version_problems
from catalog_compiler.problems import errors
from catalog_compiler.reporters import FORMATS, render

_VALID, _INVALID = 0, 1


class Validate:
    """Validates a catalog repository, a folder of items, or one file."""

    name = "validate"
    help = "check a catalog and report everything that is wrong with it"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        add_path(parser)
        parser.add_argument("--format", choices=FORMATS, default="text", help="how to report (default: text)")
        parser.add_argument(
            "--since",
            metavar="REF",
            help="warn about versions that do not tell of what changed since the branch left REF, "
            "a branch, tag or commit (default: the last commit)",
        )

    def run(self, args: argparse.Namespace) -> int:
        """Print the report; 0 where the catalog is valid, 1 where it is not, 2 where it cannot be read."""
        try:
            report, files = read_catalog_at(args.path)
            report = with_version_problems(report, files, args.path, args.since)
        except SourceError as error:
            return refuse(self.name, error)
        print(render(report, args.format))
        return _INVALID if errors(report.problems) else _VALID


command = Validate()
