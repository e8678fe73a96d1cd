"""`pao catalog [ITEM]`: what can be ordered, or one item with its fields."""

from __future__ import annotations

import argparse

from api_plugin.client import ApiClient
from api_plugin.commands.connected import add_connection, connected
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.field_values import FormFields
from api_plugin.commands.terminal import Terminal, style_of
from api_plugin.datamodels.catalog import ItemAnswer, SchemaAnswer


class Catalog:
    """Lists items, or shows one."""

    name = "catalog"
    help = "list what can be ordered, or show one item with its fields"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("item", metavar="ITEM", nargs="?", help="the id of an item to show (default: list them)")
        parser.add_argument("--category", metavar="NAME", help="list this category alone")
        parser.add_argument("--tag", metavar="TAG", help="list items with this tag alone")
        parser.add_argument("--owner", metavar="TEAM", help="list this team's items alone")
        parser.add_argument("-q", "--query", metavar="WORDS", help="list items with these words alone")
        parser.add_argument("--catalog", metavar="NAME", help="another catalog than the default one")
        add_connection(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Show it."""
        show = _show_item if args.item else _list
        return connected(self.name, args, lambda client, terminal: show(args, client, terminal))


command = Catalog()


def _list(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
    found = client.catalog.items(
        catalog=args.catalog, category=args.category, tag=args.tag, owner=args.owner, q=args.query
    )
    items = list(found)
    if terminal.form == "json":
        terminal.show_json({"items": items})
    elif items:
        rows = [(item.id, item.version, item.category, item.status, item.name) for item in items]
        terminal.show_table(("ITEM", "VERSION", "CATEGORY", "STATUS", "NAME"), rows)
    else:
        terminal.note("no item is like that")
    return ExitStatus.DONE


def _show_item(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
    item = client.catalog.item(args.item, catalog=args.catalog)
    form = client.catalog.schema(args.item, catalog=args.catalog)
    if terminal.form == "json":
        terminal.show_json(item.model_dump(mode="json") | {"form": form.model_dump(mode="json")})
    else:
        _show_text(terminal, item, form)
    return ExitStatus.DONE


def _show_text(terminal: Terminal, item: ItemAnswer, form: SchemaAnswer) -> None:
    header = item.header
    terminal.say(f"{header['name']} ({header['id']} {header['version']})", "bold")
    terminal.say(str(header["description"]))
    terminal.say(f"  owner     {header['owner']}")
    if promised := (header.get("sla") or {}).get("provisioning_time"):
        terminal.say(f"  takes     {promised}")
    terminal.say(f"  modes     {', '.join(item.modes)}")
    terminal.say(f"  status    {item.status}", style_of(item.status))
    fields = FormFields(form)
    if fields.ids:
        terminal.say("")
        columns = ("FIELD", "NEEDED", "TAKES", "DEFAULT", "NAME")
        terminal.show_table(columns, [_row(fields, form, name) for name in fields.ids])
    for mode, actions in item.actions.items():
        terminal.say("")
        rows = [(action.name, action.type, action.description or "") for action in actions]
        terminal.show_table((f"ACTION ({mode})", "TYPE", "WHAT IT DOES"), rows)


def _row(fields: FormFields, form: SchemaAnswer, name: str) -> tuple[str, ...]:
    schema = fields.schema(name)
    always = form.json_schema.get("required", ())
    needed = "yes" if name in always else "" if name in form.json_schema.get("properties", {}) else "sometimes"
    default = schema.get("default")
    return name, needed, fields.kind(name), "" if default is None else str(default), str(schema.get("title", ""))
