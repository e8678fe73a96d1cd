"""`pao schema`: the format's JSON Schema, for editors."""

from __future__ import annotations

import argparse
import json

from catalog_compiler.catalog_files import read_part
from catalog_compiler.catalog_settings import SETTINGS_FILE, read_settings
from catalog_compiler.commands.sources import add_path, refuse
from catalog_compiler.editor_schema import item_schema


class SchemaCommand:
    """Prints the schema of catalog items."""

    name = "schema"
    help = "print the JSON Schema of catalog items, for editors"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        add_path(parser, "--catalog")

    def run(self, args: argparse.Namespace) -> int:
        """Print it, with the categories of the catalog's `.pao.yaml` where there is one; 2 where that can't be read."""
        try:
            settings = read_part(args.catalog).contents.get(SETTINGS_FILE, b"")
        except OSError as error:
            return refuse(self.name, f"cannot read '{error.filename or args.catalog}': {error.strerror}")
        categories = read_settings(settings).settings.categories
        print(json.dumps(item_schema(categories), indent=2, ensure_ascii=False))
        return 0


command = SchemaCommand()
