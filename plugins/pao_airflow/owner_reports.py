"""Tells owners of errors in their items, by the Airflow connection that `[pao] catalog_report_connection` names.

An `smtp` connection sends each owner an e-mail, to their contact where that is an address, else to the connection's
`to_email`. An `http` connection gets a JSON document for each owner.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException

ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
SECONDS = 30.0
"""For a call of the `http` connection."""


class Report(Protocol):
    """What an owner is to be told, as the API answers it."""

    @property
    def owner(self) -> str | None:
        """The team, if one is known."""

    @property
    def contact(self) -> str | None:
        """How it wants to be told, if it said so."""

    @property
    def problems(self) -> Sequence[Mapping[str, Any]]:
        """Every error in its files; empty where those that were reported are gone."""


class NotToldError(Exception):
    """An owner could not be told; the text says why, and what to do."""


def tell(connection_id: str, catalog: str, commit: str | None, report: Report) -> str:
    """Tell one owner; gives whom. Raises NotToldError."""
    try:
        connection = Connection.get(connection_id)
        if connection.conn_type == "smtp":
            return _mail(connection, catalog, commit, report)
        if connection.conn_type == "http":
            return _post(connection, catalog, commit, report)
    except NotToldError:
        raise
    except (AirflowException, OSError, ValueError) as error:
        raise NotToldError(f"{name_of(report)} could not be told by '{connection_id}': {error}") from error
    raise NotToldError(
        f"the connection '{connection_id}' is of type '{connection.conn_type}'; owners are told by smtp or http"
    )


def name_of(report: Report) -> str:
    """The owner as people read it."""
    return str(report.owner or "whoever looks after the catalog")


def subject(catalog: str, report: Report) -> str:
    """What it is about, in a line."""
    count = len(report.problems)
    if not count:
        return f"Catalog '{catalog}': all is well again"
    return f"Catalog '{catalog}': {count} {'error' if count == 1 else 'errors'}"


def letter(commit: str | None, report: Report) -> str:
    """The same as a text for people."""
    at = f"at commit {(commit or '')[:12]}"
    if not report.problems:
        return f"The errors that {name_of(report)} was told of are gone {at}.\n"
    lines = [f"Errors in files of {name_of(report)} {at}. What was valid last is served until they are mended.", ""]
    for problem in report.problems:
        lines.append(
            f"{problem['file']}:{problem['line']}:{problem['column']}: error[{problem['code']}]: {problem['message']}"
        )
        if problem.get("hint"):
            lines.append(f"  hint: {problem['hint']}")
    return "\n".join(lines) + "\n"


def _mail(connection: Connection, catalog: str, commit: str | None, report: Report) -> str:
    contact = str(report.contact or "")
    address = contact if ADDRESS.fullmatch(contact) else connection.extra_dejson.get("to_email")
    if not address:
        raise NotToldError(
            f"{name_of(report)} has no e-mail address; give owners.{report.owner}.contact in .pao.yaml, "
            f"or to_email in the extra of the connection '{connection.conn_id}'"
        )
    with SmtpHook(smtp_conn_id=connection.conn_id) as hook:
        hook.send_email_smtp(
            to=address,
            subject=subject(catalog, report),
            html_content=f"<pre>{html.escape(letter(commit, report))}</pre>",
        )
    return str(address)


def _post(connection: Connection, catalog: str, commit: str | None, report: Report) -> str:
    told = {
        "catalog": catalog,
        "commit": commit,
        "owner": report.owner,
        "contact": report.contact,
        "problems": report.problems,
        "text": f"{subject(catalog, report)}\n\n{letter(commit, report)}",
    }
    HttpHook(method="POST", http_conn_id=connection.conn_id).run(
        endpoint="", json=told, extra_options={"timeout": SECONDS}
    )
    return str(connection.host)
