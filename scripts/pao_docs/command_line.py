"""Makes `docs/command-line.md`: every command with its arguments, as its parser has them."""

from __future__ import annotations

import argparse
import inspect
import re
from importlib.metadata import entry_points

from api_plugin.commands.exit_statuses import ExitStatus
from catalog_compiler.cli import Command
from pao_docs.tables import table

AUTHORS = ("validate", "compile", "preview", "new", "schema")
USERS = (
    "login",
    "logout",
    "catalog",
    "submit",
    "requests",
    "status",
    "logs",
    "retry",
    "rollback",
    "cancel",
    "escalate",
)
OPERATORS = ("setup", "triggerer", "dag-processor")

INTRODUCTION = """\
# The command line

<!-- Made by `make docs` from the commands themselves. -->

`pip install .` installs `pao` without Airflow: all that authors of items and their requesters need. The commands of
operators need Airflow, and say so.

```console
$ pao login https://platform.example.com --username ada
Password of ada:
signed in at https://platform.example.com as ada until 2026-03-02 09:00 UTC
$ pao catalog work-queue
$ pao submit work-queue -f queue_name=invoices -f days=14 --watch
$ pao logs 0198c0de-0000-7000-8000-000000000001 --follow
```
"""

SIGNING_IN = """\
## Signing in

`pao login URL` asks for user and password, or with `--api-key` for an API key, and keeps the token in
`~/.config/pao/credentials.json` (`XDG_CONFIG_HOME` counts), which its user alone can read. Where there is no terminal,
the password or key is read from standard input. Several deployments can be signed in at; `--url` or `PAO_URL` says
which one is meant, else the last. A token is sent to no other deployment than its own.

In CI, `PAO_URL` and `PAO_TOKEN` (an API key, or a token of `POST /auth/token`) are enough, and nothing is kept.

## Values

`-f key=value` is read as the item's form has the field: numbers, `true` and `false`, lists (`-f regions=europe,asia`,
or `-f` several times, or JSON), JSON, and text as it is. `-f notes=@notes.txt` sends a file, where a field takes one.
`-f key` alone asks for the value, hidden where it is secret, so that it stands in no history of a shell.
`--fields values.yaml` (or JSON, or `-`) holds many; `-f` counts before it. On a terminal, `pao submit` asks for
required values that are missing, and goes on asking where one brings up further ones. Every value that is not accepted
is told by its field, and nothing is ordered then.

## Following

`--watch` shows each action as it goes, on standard error: in place on a terminal, else a line for each change. A
connection that breaks is opened again and goes on where it was; where WebSockets don't get through, the API is asked
every two seconds. Ctrl-C ends the watching, and the request goes on. `pao logs --follow` goes on in the same way.

What orders or changes something carries an `Idempotency-Key`: where the answer gets lost, the command asks again, and
nothing is made twice. `--idempotency-key` does the same for a script that may itself run twice.

## For programs

With `--format json`, standard output holds one JSON document, as the API answers it (`pao logs`: one a line), and a
refusal the API's problem (RFC 9457). Everything for people is on standard error.

Python programs use the client that these commands use, whose answers are typed:

```python
from api_plugin.client import ApiClient, ApiError

with ApiClient(base_url="https://platform.example.com", token="pao_...") as client:
    request = client.requests.submit("work-queue", {"queue_name": "invoices"})
    for message in client.requests.watch(request.id):
        print(message["type"], message.get("status"))
    print(client.requests.get(request.id).outputs)
```
"""


def command_page() -> str:
    """The page."""
    parts = [INTRODUCTION, SIGNING_IN, _exit_statuses()]
    for title, names in (("Requests", USERS), ("Authors", AUTHORS), ("Operators", OPERATORS)):
        parts += [f"## Commands: {title.lower()}\n", *(_section(name) for name in names)]
    return "\n".join(parts)


def _exit_statuses() -> str:
    words = _members()
    rows = [[f"`{status.value}`", words[status.name]] for status in ExitStatus]
    lines = ["## Exit statuses", "", "Of the commands that talk to the API:", "", *table(["status", "meaning"], rows)]
    return "\n".join(lines) + "\n"


def _members() -> dict[str, str]:
    """What stands below each member."""
    found = re.findall(
        r'^    ([A-Z_]+) = \d+\n    """(.*?)"""', inspect.getsource(ExitStatus), re.MULTILINE | re.DOTALL
    )
    return {name: " ".join(text.split()) for name, text in found}


def _section(name: str) -> str:
    command = _command(name)
    parser = argparse.ArgumentParser(prog=f"pao {name}", add_help=False)
    command.configure(parser)
    arguments = parser._actions  # noqa: SLF001 - argparse tells of a parser's arguments nowhere else
    lines = [f"### `pao {name}`", "", f"{command.help[0].upper()}{command.help[1:]}."]
    if arguments:
        rows = [[f"`{_written(each)}`", (each.help or "").replace("%%", "%")] for each in arguments]
        lines += ["", *table(["argument", "meaning"], rows)]
    return "\n".join(lines) + "\n"


def _written(argument: argparse.Action) -> str:
    if not argument.option_strings:
        return str(argument.metavar or argument.dest)
    flags = ", ".join(argument.option_strings)
    if argument.nargs == 0:
        return flags
    choices = "|".join(map(str, argument.choices or ()))
    return f"{flags} {argument.metavar or choices or argument.dest.upper()}"


def _command(name: str) -> Command:
    (entry,) = entry_points(group="pao.commands", name=name)
    command: Command = entry.load()
    return command
