"""The action type `dns-record`: sets a record of a zone over a small REST API, and removes it as its rollback."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from typing import Annotated, Any, ClassVar, Literal

from pao_actions.http_answer import require_success
from pao_actions.http_call import HttpCall, find_connection, send
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from catalog_compiler.actions import ActionContext, ActionResult, ActionType, ConfigFacts, ConfigProblem
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from catalog_compiler.templates import has_template
from catalog_compiler.templates.text import json_of

_GONE = 404
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def _dns_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("write a DNS name in small letters, digits and hyphens")
    return text


DnsName = Annotated[str, AfterValidator(_dns_name)]
"""What can stand in the path of the API's address: no value leads elsewhere."""


class DnsRecordConfig(BaseModel):
    """A record, with its templates resolved. Unknown keys are refused, so that a slip of the pen is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: str = "dns_default"
    """An Airflow `http` connection: the address of the DNS service, and how to sign in."""
    zone: DnsName
    """The zone, such as example.com."""
    name: DnsName
    """The record's name in its zone."""
    type: Literal["A", "CNAME", "TXT"] = "A"
    """The record's type."""
    value: Annotated[str, Field(min_length=1, max_length=255)]
    """What the name stands for."""
    ttl: Annotated[int, Field(ge=60, le=86400)] = 300
    """Seconds for which others may keep it."""


class DnsRecord(ActionType[DnsRecordConfig]):
    """Sets a record. Setting the same record twice is the same as once, so a try can be repeated."""

    name: ClassVar[str] = "dns-record"
    summary: ClassVar[str] = "Sets a record in a DNS zone."
    Config: ClassVar[type[BaseModel]] = DnsRecordConfig
    example: ClassVar[str] = """\
zone: example.com
name: "{{fields.name}}.{{fields.environment}}"
type: CNAME
value: ingress.example.com
"""
    outputs_help: ClassVar[Mapping[str, str]] = {"fqdn": "The whole name, with its zone."}
    notes: ClassVar[str] = """\
`rollback: {type: dns-record}` is enough to remove the record again. One that is gone already counts as removed.
"""

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:  # noqa: ARG003 - the place says it
        """Everything but the time to live is one line of text."""
        return Encoding.VALUE if path == ("ttl",) else Encoding.LINE

    @classmethod
    def literal(cls, path: Path) -> bool:
        """The record's type is the author's, too."""
        return path in {("connection",), ("type",)}

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:  # noqa: ARG003 - not needed
        """What the model can't say: an address record holds an address."""
        value = config.get("value")
        if config.get("type", "A") == "A" and isinstance(value, str) and not has_template(value):
            try:
                IPv4Address(value)
            except ValueError:
                yield ConfigProblem(path=("value",), message=f"'{value}' is no IPv4 address", hint="or use type: CNAME")

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG003 - the same for every config
        """Known before there is a request, so that references to others are found."""
        return frozenset(cls.outputs_help)

    @classmethod
    def repeatable(cls, config: Mapping[str, Any]) -> bool:  # noqa: ARG003 - the same for every config
        """Yes: PUT and DELETE of one record."""
        return True

    @classmethod
    def undo_config(cls, config: Mapping[str, Any], undone: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """A rollback removes what was set, unless it says otherwise."""
        return {**(undone or {}), **config}

    async def run(self, config: DnsRecordConfig, context: ActionContext) -> ActionResult:
        """Set the record."""
        record: JsonValue = {"type": config.type, "value": config.value, "ttl": config.ttl}
        return await self._call("PUT", config, json_of(record).encode(), context)

    async def undo(self, config: DnsRecordConfig, context: ActionContext) -> ActionResult:
        """Remove it."""
        return await self._call("DELETE", config, None, context)

    async def _call(
        self, method: str, config: DnsRecordConfig, body: bytes | None, context: ActionContext
    ) -> ActionResult:
        call = HttpCall(
            method=method,
            url=f"/zones/{config.zone}/records/{config.name}",
            timeout=30,
            headers={"Content-Type": "application/json"},
            body=body,
            connection=await find_connection(config.connection, context),
        )
        answer = await send(call, context)
        if method != "DELETE" or answer.status != _GONE:
            require_success(answer, None, context.clock.now())
        fqdn = f"{config.name}.{config.zone}"
        context.log.info("record_set" if method == "PUT" else "record_removed", fqdn=fqdn)
        return ActionResult(outputs={"fqdn": fqdn})
