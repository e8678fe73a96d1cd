"""A Jira, Cloud (REST v3) or Data Center (v2), that keeps tickets in memory, for tests.

Written from Atlassian's public pages: "The Jira Cloud platform REST API" v3 (issues, issue search with its eventual
consistency, create metadata, user search, transitions, comments, issue links, server info), "Jira Data Center REST
API" (createmeta/{project}/issuetypes, search), "Atlassian Document Format", "Rate limiting", and the knowledge base on
answers 400 of /search. It refuses what those say is refused, with their form of errors, and its search finds a new
ticket only after `lag` searches.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

EMAIL, TOKEN = "bot@example.com", "api-token-1"
CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


def option(number: int, value: str, *children: dict[str, Any]) -> dict[str, Any]:
    """An allowed value of a select."""
    return {"id": str(number), "value": value} | ({"children": list(children)} if children else {})


def custom(number: int, name: str, kind: str, schema: str, **more: Any) -> dict[str, Any]:
    """A custom field as create metadata tells of it; `schema` is a type, or `array of <type>`."""
    of, items = ("array", schema.removeprefix("array of ")) if schema.startswith("array") else (schema, None)
    described = {"type": of, "custom": CUSTOM + kind, "customId": number} | ({"items": items} if items else {})
    return {"fieldId": f"customfield_{number}", "name": name, "required": False, "schema": described, **more}


def system(field_id: str, name: str, schema: str, *, required: bool = False, **more: Any) -> dict[str, Any]:
    """One of Jira's own fields."""
    of, items = ("array", schema.removeprefix("array of ")) if schema.startswith("array") else (schema, None)
    described = {"type": of, "system": field_id} | ({"items": items} if items else {})
    return {"fieldId": field_id, "name": name, "required": required, "schema": described, **more}


def usual_fields() -> list[dict[str, Any]]:
    """A create screen with a field of each type."""
    return [
        system("project", "Project", "project", required=True),
        system("issuetype", "Issue Type", "issuetype", required=True),
        system("reporter", "Reporter", "user", required=True),
        system("summary", "Summary", "string", required=True),
        system("description", "Description", "string"),
        system("assignee", "Assignee", "user"),
        system("labels", "Labels", "array of string"),
        system("parent", "Parent", "issuelink"),
        system("duedate", "Due date", "date"),
        system(
            "priority", "Priority", "priority", allowedValues=[{"id": "1", "name": "High"}, {"id": "2", "name": "Low"}]
        ),
        system(
            "components",
            "Components",
            "array of component",
            allowedValues=[{"id": "31", "name": "Databases"}, {"id": "32", "name": "Networking"}],
        ),
        custom(10010, "Business Justification", "textfield", "string"),
        custom(10011, "Risk Details", "textarea", "string"),
        custom(10012, "Cost Center", "float", "number"),
        custom(
            10013, "Environment Tier", "select", "option", allowedValues=[option(101, "Gold"), option(102, "Silver")]
        ),
        custom(
            10014, "Regions", "multiselect", "array of option", allowedValues=[option(111, "EU"), option(112, "US")]
        ),
        custom(10015, "Needed By", "datepicker", "date"),
        custom(10016, "Window", "datetime", "datetime"),
        custom(10017, "Approver", "userpicker", "user"),
        custom(10018, "Reviewers", "multiuserpicker", "array of user"),
        custom(
            10019,
            "Location",
            "cascadingselect",
            "option-with-child",
            allowedValues=[option(121, "Europe", option(122, "Berlin"), option(123, "Paris")), option(124, "Asia")],
        ),
        custom(10020, "Tags", "labels", "array of string"),
        custom(10021, "Runbook", "url", "string"),
        custom(10022, "Checks", "multicheckboxes", "array of option", allowedValues=[option(131, "Backup")]),
        custom(10023, "Urgency", "radiobuttons", "option", allowedValues=[option(141, "Now"), option(142, "Later")]),
        custom(10030, "Team-Name", "textfield", "string"),
        custom(10031, "Team Name", "textfield", "string"),
    ]


STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done", "Rejected": "done"}


def usual_transitions() -> list[dict[str, Any]]:
    """The same from every status."""
    return [
        {"id": "11", "name": "Start", "to": "In Progress"},
        {"id": "21", "name": "Resolve", "to": "Done"},
        {"id": "31", "name": "Reject", "to": "Rejected"},
    ]


@dataclass
class Fault:
    """What goes wrong with the next `times` calls of that method whose path matches.

    `how`: a status to answer with and do nothing; `cut`: break the connection and do nothing; `lost`: do it, then break
    the connection; `lost-500`: do it, then answer 500; `hang`: never answer; bytes: a body to answer with and do
    nothing.
    """

    method: str
    path: str
    how: int | str | bytes
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    document: Any = None


class Refused(Exception):  # noqa: N818 - an answer
    def __init__(self, status: int, *messages: str, **errors: str) -> None:
        super().__init__(status)
        self.status, self.document = status, {"errorMessages": list(messages), "errors": errors}


@dataclass
class Call:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class FakeJira:
    """Its state is for tests to look at and to change."""

    def __init__(self, *, cloud: bool) -> None:
        self.cloud = cloud
        self.url = ""
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """As new."""
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.issues: dict[str, dict[str, Any]] = {}
        self.fields = usual_fields()
        self.issue_types = [{"id": "10001", "name": "Task"}, {"id": "10002", "name": "Service Request"}]
        self.transitions = usual_transitions()
        self.links: list[dict[str, Any]] = []
        self.lag = 0
        self.page = 100
        self.forbidden: list[tuple[str, str]] = []
        self.server_info: Any = {"deploymentType": "Cloud" if self.cloud else "Data Center", "version": "9.12.0"}
        self.users = [
            {
                "accountId": "5b10ac8d82e05b22cc7d4ef5",
                "name": "ada",
                "emailAddress": "ada@example.com",
                "displayName": "Ada Lovelace",
                "active": True,
            },
            {
                "accountId": "712020:0e3f5c0a-0000-4000-8000-000000000002",
                "name": "grace",
                "emailAddress": "" if self.cloud else "grace@example.com",
                "hidden": "grace@example.com",
                "displayName": "Grace Hopper",
                "active": True,
            },
            {
                "accountId": "5b10ac8d82e05b22cc7d4e00",
                "name": "gone",
                "emailAddress": "gone@example.com",
                "displayName": "Gone Person",
                "active": False,
            },
        ]
        self.next_number = 1
        self.closing = threading.Event()

    @property
    def api(self) -> str:
        return "/rest/api/3" if self.cloud else "/rest/api/2"

    def only(self) -> dict[str, Any]:
        """The one ticket there is."""
        (issue,) = self.issues.values()
        return issue

    def calls_of(self, method: str, path: str) -> list[Call]:
        """The calls whose path matches the whole pattern, below the API."""
        return [call for call in self.calls if call.method == method and re.fullmatch(path, call.path)]

    def move(self, key: str, status: str, resolution: str | None = None, assignee: str | None = None) -> None:
        """What a person does with a ticket."""
        issue = self.by_key(key)
        fields = issue["fields"]
        fields["status"] = status_json(status)
        fields["resolution"] = {"name": resolution} if resolution else None
        if assignee:
            fields["assignee"] = next(user for user in self.users if user["name"] == assignee)

    def by_key(self, key: str) -> dict[str, Any]:
        with self.lock:
            for issue in self.issues.values():
                if key in (issue["key"], issue["id"]):
                    return issue
        raise Refused(404, "Issue does not exist or you do not have permission to see it.")

    def add(self, key: str, *labels: str, status: str = "To Do") -> dict[str, Any]:
        """A ticket that was there before."""
        with self.lock:
            number = self.next_number
            self.next_number += 1
            issue = {
                "id": str(10_000 + number),
                "key": key,
                "fields": {"status": status_json(status), "resolution": None, "assignee": None, "labels": list(labels)},
                "comments": [],
                "unseen": self.lag,
            }
            self.issues[issue["id"]] = issue
            return issue

    # What the API does.

    def answer(self, call: Call) -> tuple[int, Any]:
        for method, pattern, operation in self._operations():
            if method == call.method and (found := re.fullmatch(pattern, call.path)):
                if any(method == call.method and re.fullmatch(path, call.path) for method, path in self.forbidden):
                    raise Refused(403, "You do not have permission for this operation.")
                with self.lock:
                    return operation(call, *map(unquote, found.groups()))
        raise Refused(404, "null for uri: " + call.path)

    def _operations(self) -> list[tuple[str, str, Callable[..., tuple[int, Any]]]]:
        search = ("/search/jql", self._search_cloud) if self.cloud else ("/search", self._search_server)
        return [
            ("GET", "/serverInfo", lambda _: (200, self.server_info)),
            ("GET", "/issue/createmeta/([^/]+)/issuetypes", self._issue_types),
            ("GET", "/issue/createmeta/([^/]+)/issuetypes/([^/]+)", self._fields),
            ("POST", "/issue", self._create),
            ("GET", "/issue/([^/]+)", self._read),
            ("POST", *search),
            ("GET", "/user/(?:assignable/)?search", self._users),
            ("GET", "/issue/([^/]+)/transitions", self._transitions),
            ("POST", "/issue/([^/]+)/transitions", self._transit),
            ("GET", "/issue/([^/]+)/comment", self._comments),
            ("POST", "/issue/([^/]+)/comment", self._comment),
            ("GET", "/issueLinkType", self._link_types),
            ("POST", "/issueLink", self._link),
        ]

    def _issue_types(self, call: Call, project: str) -> tuple[int, Any]:
        if project != "PLATFORM":
            raise Refused(404, f"No project could be found with key '{project}'.")
        return self._page(call, "issueTypes", self.issue_types)

    def _fields(self, call: Call, _project: str, issue_type: str) -> tuple[int, Any]:
        if issue_type not in [entry["id"] for entry in self.issue_types]:
            raise Refused(404, "Issue type not found")
        return self._page(call, "fields", [{"key": entry["fieldId"], **entry} for entry in self.fields])

    def _page(self, call: Call, name: str, entries: list[Any]) -> tuple[int, Any]:
        start = int(call.query.get("startAt", 0))
        size = min(int(call.query.get("maxResults", 50)), self.page)
        page = {"startAt": start, "maxResults": size, "total": len(entries)}
        shown = entries[start : start + size]
        return 200, page | ({name: shown} if self.cloud else {"values": shown, "isLast": start + size >= len(entries)})

    def _create(self, call: Call) -> tuple[int, Any]:
        fields = dict(call.body.get("fields") or {})
        errors = dict(self._field_errors(fields))
        if errors:
            raise Refused(400, **errors)
        issue = self.add(f"PLATFORM-{self.next_number}")
        issue["fields"] |= fields
        if (assignee := fields.get("assignee")) is not None:
            issue["fields"]["assignee"] = self._user(assignee)
        return 201, {"id": issue["id"], "key": issue["key"], "self": f"{self.url}{self.api}/issue/{issue['id']}"}

    def _field_errors(self, fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
        known = {entry["fieldId"]: entry for entry in self.fields}
        for field_id, value in fields.items():
            if field_id not in known:
                yield (
                    field_id,
                    f"Field '{field_id}' cannot be set. It is not on the appropriate screen, or unknown.",
                )
            elif problem := self._value_problem(known[field_id], value):
                yield field_id, problem
        for field_id, entry in known.items():
            optional = field_id == "reporter" or entry.get("hasDefaultValue") or not entry["required"]
            if not optional and not fields.get(field_id):
                yield (
                    field_id,
                    "You must specify a summary of the issue."
                    if field_id == "summary"
                    else f"{entry['name']} is required.",
                )

    def _value_problem(self, entry: dict[str, Any], value: Any) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a table of types
        kind, schema = entry["fieldId"], entry["schema"]
        if schema["type"] == "array":
            if not isinstance(value, list):
                return "data was not an array"
            inner = entry | {"schema": {**schema, "type": schema["items"]}}
            return next((problem for part in value if (problem := self._value_problem(inner, part))), None)
        match schema["type"]:
            case "string" if kind == "description" or schema.get("custom", "").endswith(":textarea"):
                if self.cloud:
                    return (
                        None
                        if valid_adf(value)
                        else ("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
                    )
                if isinstance(value, str) and len(value) > 32767:
                    return "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
                return None if isinstance(value, str) else "Operation value must be a string"
            case "string":
                if not isinstance(value, str):
                    return "Operation value must be a string"
                if kind == "summary" and len(value) > 255:
                    return "Summary must be less than 255 characters."
                if kind == "summary" and "\n" in value:
                    return "The summary is invalid because it contains newline characters."
                if schema.get("items") == "string" and " " in value:
                    return f"The label '{value}' contains spaces which is invalid."
            case "number":
                return None if isinstance(value, int | float) else "Operation value must be a number"
            case "date":
                return (
                    None if re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)) else "Error parsing date string: " + str(value)
                )
            case "datetime":
                try:
                    dt.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z")
                except (TypeError, ValueError):
                    return f"Operation value must be a string in the format yyyy-MM-dd'T'HH:mm:ss.SSSZ, not {value}"
            case "user":
                return None if self._user(value) else f"User '{value}' cannot be assigned issues."
            case "option" | "option-with-child" | "priority" | "component":
                return self._option_problem(entry.get("allowedValues", []), value)
            case "issuelink":
                return (
                    None
                    if any(issue["key"] == value.get("key") for issue in self.issues.values())
                    else ("Could not find issue by id or key.")
                )
            case "project":
                return None if value == {"key": "PLATFORM"} else "valid project is required"
        return None

    def _option_problem(self, allowed: list[dict[str, Any]], value: Any) -> str | None:
        if not isinstance(value, dict):
            return "Specify a valid 'id' or 'name'"
        for entry in allowed:
            if any(key in value and value[key] == entry.get(key) for key in ("id", "value", "name")):
                child = value.get("child")
                return self._option_problem(entry.get("children", []), child) if child is not None else None
        return f"Option id '{value.get('id', 'null')}' is not valid"

    def _user(self, value: Any) -> dict[str, Any] | None:
        key = "accountId" if self.cloud else "name"
        wanted = value.get(key) if isinstance(value, dict) else None
        return next((user for user in self.users if user["active"] and wanted and user[key] == wanted), None)

    def _users(self, call: Call) -> tuple[int, Any]:
        if not self.cloud and not call.query.get("username"):
            raise Refused(400, "The username query parameter was not provided")
        if self.cloud and not (call.query.get("query") or call.query.get("accountId")):
            raise Refused(400, "You must provide a query or an accountId")
        wanted = (call.query.get("query") or call.query.get("username") or "").casefold()
        found = []
        for user in self.users:
            account = call.query.get("accountId") == user["accountId"]
            texts = (
                user["displayName"],
                user.get("hidden") or user["emailAddress"],
                *([] if self.cloud else [user["name"]]),
            )
            if account or (wanted and any(text.casefold().startswith(wanted) for text in texts)):
                hidden = {"name", "hidden"} if self.cloud else {"accountId", "hidden"}
                found.append({key: value for key, value in user.items() if key not in hidden})
        return 200, found

    def _read(self, _: Call, key: str) -> tuple[int, Any]:
        return 200, _shown(self.by_key(key))

    def _search_cloud(self, call: Call) -> tuple[int, Any]:
        found = self._matching(call.body["jql"])
        start = int(call.body.get("nextPageToken") or 0)
        size = min(call.body.get("maxResults", 50), self.page)
        more = start + size < len(found)
        page = {"issues": found[start : start + size], "isLast": not more}
        return 200, page | ({"nextPageToken": str(start + size)} if more else {})

    def _search_server(self, call: Call) -> tuple[int, Any]:
        found = self._matching(call.body["jql"])
        start, size = call.body.get("startAt", 0), min(call.body.get("maxResults", 50), self.page)
        return 200, {"startAt": start, "maxResults": size, "total": len(found), "issues": found[start : start + size]}

    def _matching(self, jql: str) -> list[dict[str, Any]]:
        name, values = parse_jql(jql)
        indexed = [issue for issue in self.issues.values() if not issue["unseen"]]
        for issue in self.issues.values():
            issue["unseen"] = max(issue["unseen"] - 1, 0)
        if name == "labels":
            return [_shown(issue) for issue in indexed if set(values) & set(issue["fields"]["labels"])]
        if unknown := [value for value in values if value not in self.issues]:
            raise Refused(400, f"An issue with key '{unknown[0]}' does not exist for field 'id'.")
        return [_shown(issue) for issue in indexed if issue["id"] in values]

    def _transitions(self, call: Call, key: str) -> tuple[int, Any]:
        self.by_key(key)
        shown = []
        for entry in self.transitions:
            fields = {"fields": entry["fields"]} if "fields" in entry and "expand" in call.query else {}
            shown.append({"id": entry["id"], "name": entry["name"], "to": status_json(entry["to"]), **fields})
        return 200, {"transitions": shown}

    def _transit(self, call: Call, key: str) -> tuple[int, Any]:
        issue, wanted = self.by_key(key), call.body["transition"]["id"]
        entry = next((entry for entry in self.transitions if entry["id"] == wanted), None)
        if entry is None:
            raise Refused(400, f"It seems that you have tried to perform an illegal workflow operation ({wanted}).")
        resolution = (call.body.get("fields") or {}).get("resolution")
        if "resolution" in entry.get("fields", {}) and not resolution:
            raise Refused(400, resolution="Resolution is required.")
        issue["fields"]["status"] = status_json(entry["to"])
        issue["fields"]["resolution"] = resolution
        return 204, None

    def _comments(self, _: Call, key: str) -> tuple[int, Any]:
        comments = self.by_key(key)["comments"]
        return 200, {"comments": list(reversed(comments)), "total": len(comments)}

    def _comment(self, call: Call, key: str) -> tuple[int, Any]:
        body = call.body["body"]
        if self.cloud and not valid_adf(body):
            raise Refused(400, comment="Comment body is not valid!")
        if not self.cloud and not isinstance(body, str):
            raise Refused(400, "Unexpected character ('{')")
        self.by_key(key)["comments"].append({"id": "1", "body": body})
        return 201, {"id": "1"}

    def _link_types(self, _: Call) -> tuple[int, Any]:
        kinds = [("Relates", "relates to", "relates to"), ("Blocks", "is blocked by", "blocks")]
        return 200, {
            "issueLinkTypes": [{"name": name, "inward": inward, "outward": out} for name, inward, out in kinds]
        }

    def _link(self, call: Call) -> tuple[int, Any]:
        for end in ("inwardIssue", "outwardIssue"):
            self.by_key(call.body[end]["key"])
        if call.body not in self.links:
            self.links.append(call.body)
        return 201, None


def status_json(name: str) -> dict[str, Any]:
    """A status in Jira's form; one that is not usual is in progress."""
    return {"name": name, "statusCategory": {"key": STATUSES.get(name, "indeterminate")}}


def _shown(issue: dict[str, Any]) -> dict[str, Any]:
    return {"id": issue["id"], "key": issue["key"], "fields": json.loads(json.dumps(issue["fields"]))}


_CLAUSE = re.compile(r'labels = ("(?:[^"\\]|\\.)*")|id in \((\d+(?:, \d+)*)\)')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def parse_jql(jql: str) -> tuple[str, list[str]]:
    """The field and the values of a query of one clause, which is all that this Jira knows."""
    found = _CLAUSE.fullmatch(jql)
    if found is None:
        raise Refused(400, f"Error in the JQL Query: {jql}")
    if found[2]:
        return "id", found[2].split(", ")
    return "labels", [re.sub(r"\\(.)", r"\1", value) for value in _STRING.findall(found[1])]


def valid_adf(document: Any) -> bool:
    """Whether it is a document of paragraphs, texts, hard breaks and links, as the format's schema has them."""

    def inline(node: Any) -> bool:
        match node:
            case {"type": "hardBreak", **rest}:
                return not rest
            case {"type": "text", "text": str(text), **rest}:
                marks = rest.pop("marks", [])
                links = all(set(mark) == {"type", "attrs"} and set(mark["attrs"]) == {"href"} for mark in marks)
                return bool(text) and not rest and links
        return False

    match document:
        case {"version": 1, "type": "doc", "content": [*blocks], **rest}:
            return not rest and all(
                set(block) == {"type", "content"}
                and block["type"] == "paragraph"
                and all(map(inline, block["content"]))
                for block in blocks
            )
    return False


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True


class _Cut(Exception):  # noqa: N818 - no answer
    pass


@contextmanager
def fake_jira(*, cloud: bool) -> Iterator[FakeJira]:  # noqa: C901 - the handler is its
    """A running Jira; `url` is its address."""
    jira = FakeJira(cloud=cloud)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            path = re.sub(r"^(/jira)?/rest/api/[23]", "", parts.path)
            call = Call(self.command, path, query, json.loads(body) if body else None, headers)
            jira.calls.append(call)
            try:
                self.answer(*self._result(call, parts.path))
            except _Cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        def _result(self, call: Call, path: str) -> tuple[int, Any, dict[str, str]]:  # noqa: C901 - a table of faults
            fault = next(
                (entry for entry in jira.faults if entry.method == call.method and re.fullmatch(entry.path, call.path)),
                None,
            )
            if fault:
                fault.times -= 1
                if not fault.times:
                    jira.faults.remove(fault)
            match fault.how if fault else None:
                case int(status):
                    return (
                        status,
                        fault.document if fault.document is not None else {"errorMessages": ["a fault"]},
                        fault.headers,
                    )
                case bytes(text):
                    return 200, text, {}
                case "cut":
                    raise _Cut
                case "hang":
                    jira.closing.wait()
                    raise _Cut
            try:
                self._authorize()
                if not re.match(r"(/jira)?" + (jira.api if call.path != "/serverInfo" else "/rest/api/"), path):
                    raise Refused(404, "null for uri: " + path)  # noqa: TRY301 - the API's own refusals
                status, document = jira.answer(call)
            except Refused as refused:
                status, document = refused.status, refused.document
            if fault and fault.how == "lost":
                raise _Cut
            if fault and fault.how == "lost-500":
                return 500, {"errorMessages": ["Internal server error"]}, {}
            return status, document, {}

        def _authorize(self) -> None:
            given = self.headers.get("Authorization", "")
            pair = base64.b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
            if given not in (f"Basic {pair}", f"Bearer {TOKEN}"):
                raise Refused(401, "Client must be authenticated to access this resource.")

        def answer(self, status: int, document: Any, headers: dict[str, str]) -> None:
            body = (
                document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json;charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Stay silent."""

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, OSError):
                self.close_connection = True

    for method in ("GET", "POST", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.serve)
    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    jira.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield jira
    finally:
        jira.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
