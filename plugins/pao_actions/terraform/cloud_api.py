"""The calls of Terraform Cloud's and Enterprise's API that the action needs (JSON:API, `/api/v2`)."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, Connection
from pao_actions.exceptions import PermanentError
from pao_actions.http_answer import HttpAnswer, require_success
from pao_actions.http_call import HttpCall, find_connection, send
from pao_actions.terraform.config import TerraformConfig
from pao_actions.terraform.hcl import literal
from pao_actions.terraform.workspace import Workspace

DEFAULT_HOST = "app.terraform.io"
TIMEOUT = 30.0
"""Seconds for one call."""
UPLOAD_TIMEOUT = 300.0
"""Seconds for handing over a configuration."""
MAX_BYTES = 16 * 1024 * 1024
_OF_OUTPUT = ("name", "sensitive", "value")
_MEDIA_TYPE = "application/vnd.api+json"

Resource = Mapping[str, Any]
"""A resource of JSON:API: `id`, `attributes`, `relationships`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudApi:
    """The API as one connection reaches it."""

    connection: Connection = field(repr=False)
    token: str = field(repr=False)
    organization: str
    context: ActionContext = field(repr=False)

    @classmethod
    async def of(cls, config: TerraformConfig, context: ActionContext) -> CloudApi:
        """By the item's connection; raises PermanentError where that lacks something."""
        found = await find_connection(config.cloud_connection, context)
        if not found.password:
            raise PermanentError(f"connection '{found.id}' has no password; set it to a token of Terraform Cloud")
        organization = (config.workspace or "").rpartition("/")[0] or found.extra.get("organization")
        if not organization:
            raise PermanentError(
                f"the workspace '{config.workspace}' names no organization, and neither does connection '{found.id}'; "
                "write 'organization/name', or put 'organization' into the connection's extra"
            )
        host = found.host or DEFAULT_HOST
        base = Connection(
            id=found.id,
            type="http",
            host=host if "://" in host else f"https://{host}",
            port=found.port,
            extra={"verify": found.extra.get("verify", True)},
        )
        context.secrets.add(found.password)
        return cls(connection=base, token=found.password, organization=str(organization), context=context)

    async def workspace(self, name: str) -> Workspace:
        """A workspace; raises PermanentError where there is none, with those of nearly that name."""
        answer = await self._send("GET", f"organizations/{self._org}/workspaces/{quote(name, safe='')}")
        if answer.status != HTTPStatus.NOT_FOUND:
            return Workspace.of(self._data(answer, "name"))
        listed = await self._send("GET", f"organizations/{self._org}/workspaces?page%5Bsize%5D=100")
        names = (
            [str(each["attributes"]["name"]) for each in self._data(listed, "name")]
            if listed.status == HTTPStatus.OK
            else []
        )
        near = difflib.get_close_matches(name, names, n=3) or sorted(names)[:5]
        there = f"there are {', '.join(near)}" if near else "the token may see none"
        raise PermanentError(f"the organization '{self.organization}' has no workspace '{name}'; {there}")

    async def find_run(self, workspace: str, message: str) -> Resource | None:
        """The run with that message among the latest hundred."""
        found = self._data(await self._send("GET", f"workspaces/{workspace}/runs?page%5Bsize%5D=100"))
        return next((run for run in found if run["attributes"].get("message") == message), None)

    async def create_configuration(self, workspace: str, *, speculative: bool) -> tuple[str, str]:
        """A configuration that waits for its files: its id, and where they go. One for plans only is `speculative`."""
        attributes = {"auto-queue-runs": False, "speculative": speculative}
        document = {"data": {"type": "configuration-versions", "attributes": attributes}}
        path = f"workspaces/{workspace}/configuration-versions"
        data = self._data(await self._send("POST", path, json.dumps(document).encode()), "upload-url")
        return str(data["id"]), str(data["attributes"]["upload-url"])

    async def upload(self, url: str, archive: bytes) -> None:
        """Hand over a configuration's files; the address holds a secret and needs no token."""
        call = HttpCall(
            method="PUT",
            url=url,
            timeout=UPLOAD_TIMEOUT,
            headers={"Content-Type": "application/octet-stream"},
            body=archive,
            connection=self.connection,
            credentials=False,
            shown_as="PUT of the configuration to Terraform Cloud",
        )
        require_success(await send(call, self.context), None, self.context.clock.now())

    async def configuration(self, number: str) -> Mapping[str, Any]:
        """What is said of a configuration now."""
        answer = await self._send("GET", f"configuration-versions/{number}")
        attributes: Mapping[str, Any] = self._data(answer, "status")["attributes"]
        return attributes

    async def create_run(
        self, workspace: str, message: str, config: TerraformConfig, configuration: str | None
    ) -> Resource:
        """Start a run that waits to be applied; its variables are its own, and leave the workspace's as they are."""
        relationships = {"workspace": {"data": {"type": "workspaces", "id": workspace}}}
        if configuration is not None:
            relationships["configuration-version"] = {"data": {"type": "configuration-versions", "id": configuration}}
        document = {
            "data": {
                "type": "runs",
                "attributes": {
                    "message": message,
                    "is-destroy": config.action == "destroy",
                    "plan-only": config.action == "plan",
                    "auto-apply": False,
                    "variables": [{"key": key, "value": literal(value)} for key, value in config.variables.items()],
                },
                "relationships": relationships,
            }
        }
        answer = await self._send("POST", "runs", json.dumps(document, ensure_ascii=False).encode())
        data: Resource = self._data(answer, "status")
        return data

    async def run(self, run_id: str) -> Resource:
        """A run as it is now."""
        data: Resource = self._data(await self._send("GET", f"runs/{run_id}"), "status")
        return data

    async def act(self, run_id: str, action: str) -> bool:
        """Apply, cancel or discard a run; False where it is not in a state for that any more."""
        answer = await self._send("POST", f"runs/{run_id}/actions/{action}", b"{}")
        if answer.status == HTTPStatus.CONFLICT:
            return False
        require_success(answer, None, self.context.clock.now())
        return True

    async def part(self, run: Resource, name: str) -> Resource | None:
        """The plan or the apply of a run, where there is one yet."""
        data = ((run.get("relationships") or {}).get(name) or {}).get("data")
        if not data:
            return None
        part: Resource = self._data(await self._send("GET", f"{data['type']}/{data['id']}"))
        return part

    async def outputs(self, workspace: str) -> dict[str, tuple[JsonValue, bool]]:
        """The outputs of a workspace's present state; values of sensitive ones are asked for one by one."""
        found: dict[str, tuple[JsonValue, bool]] = {}
        listed = await self._send("GET", f"workspaces/{workspace}/current-state-version-outputs")
        for output in self._data(listed, *_OF_OUTPUT):
            attributes = output["attributes"]
            if attributes["sensitive"]:
                one = await self._send("GET", f"state-version-outputs/{output['id']}")
                attributes = self._data(one, *_OF_OUTPUT)["attributes"]
            found[str(attributes["name"])] = (attributes["value"], bool(attributes["sensitive"]))
        return found

    async def log(self, url: str) -> str:
        """A log by its own address, which holds a secret and needs no token; empty where it can't be read."""
        answer = await send(HttpCall(method="GET", url=url, timeout=TIMEOUT, max_answer_bytes=MAX_BYTES), self.context)
        return answer.body.decode("utf-8", "replace") if answer.status == HTTPStatus.OK else ""

    def page(self, workspace: str, run_id: str) -> str:
        """A run's page, for people."""
        return f"{self.connection.host}/app/{self.organization}/workspaces/{workspace}/runs/{run_id}"

    @property
    def _org(self) -> str:
        return quote(self.organization, safe="")

    async def _send(self, method: str, path: str, body: bytes | None = None) -> HttpAnswer:
        return await send(
            HttpCall(
                method=method,
                url=f"/api/v2/{path}",
                timeout=TIMEOUT,
                headers={"Authorization": f"Bearer {self.token}", "Content-Type": _MEDIA_TYPE, "Accept": _MEDIA_TYPE},
                body=body,
                connection=self.connection,
                max_answer_bytes=MAX_BYTES,
            ),
            self.context,
        )

    def _data(self, answer: HttpAnswer, *needed: str) -> Any:
        """The resource, or the list of them, that was asked for; each has the attributes that are needed."""
        require_success(answer, None, self.context.clock.now())
        try:
            data = json.loads(answer.body)["data"]
        except (ValueError, KeyError, TypeError):
            data = None
        resources = data if isinstance(data, list) else [data]
        if not all(_is_resource(each, needed) for each in resources):
            raise PermanentError(
                f"{answer.target} answered {answer.status}, but not as Terraform Cloud's API; check the host of "
                f"connection '{self.connection.id}'",
                effect_possible=answer.effect_possible,
            )
        return data


def _is_resource(value: Any, needed: tuple[str, ...]) -> bool:
    if not isinstance(value, dict) or "id" not in value:
        return False
    attributes = value.get("attributes")
    return isinstance(attributes, dict) and all(name in attributes for name in needed)
