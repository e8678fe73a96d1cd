"""What can be wrong with the config of a Terraform run, seen before there is a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog_compiler.actions import ConfigFacts, ConfigProblem
from catalog_compiler.problems import Path
from catalog_compiler.templates import TemplateSyntaxError, has_template, parse
from pao_actions.terraform.addresses import COMMIT, ModuleAddressError, module_address, url_problem
from pao_actions.terraform.versions import VersionError, parse_constraint

REFS = ("branch", "tag", "commit", "ref")
_CODE = ("repository", *REFS, "module_version", "version")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_RESERVED = frozenset({"source", "version", "providers", "count", "for_each", "lifecycle", "depends_on"})
_REF = re.compile(r"(?!-)(?!/)[^\s~^:?*\[\\\x00-\x1f\x7f]+")
_WORKSPACE = re.compile(r"[A-Za-z0-9_./-]+")
_LOCAL_ONLY = ("backend", "credentials", "version", "lock_timeout")
_OF_REPOSITORY = ("connection", *REFS, "path", "module", "module_version")


def problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    """All problems of a raw config. What its model reports is not repeated here."""
    cloud = config.get("runner") == "cloud"
    yield from _code_problems(config, facts)
    yield from _repository_problems(config)
    yield from _ref_problems(config)
    yield from _path_problems(config)
    yield from _module_problems(config)
    yield from _variable_problems(config, facts)
    yield from _version_problems(config)
    yield from _cloud_problems(config) if cloud else _local_problems(config)


def _fixed(value: Any) -> str | None:
    """A text without templates."""
    return value if isinstance(value, str) and not has_template(value) else None


def _code_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    """Which code is run is the author's choice: a requester may at most choose among options."""
    for key in _CODE:
        value = config.get(key)
        try:
            expressions = parse(value).expressions if isinstance(value, str) else ()
        except TemplateSyntaxError:
            continue
        for expression in expressions:
            root, *rest = expression.reference
            chosen = root == "fields" and len(rest) == 1 and facts.field_types.get(str(rest[0])) == "selection"
            if root not in ("env", "header") and not chosen:
                yield ConfigProblem(
                    path=(key,),
                    message=f"'{expression.path}' decides which code is run",
                    hint=f"'{key}' comes from constants, 'env.*', 'header.*' or fields of type selection",
                )


def _repository_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    if (text := _fixed(config.get("repository"))) is not None and (found := url_problem(text)):
        yield ConfigProblem(path=("repository",), message=found)


def _ref_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    given = [key for key in REFS if config.get(key) is not None]
    for key in given[1:]:
        yield ConfigProblem(
            path=(key,), message=f"'{given[0]}' says already what is run", hint=f"keep '{given[0]}' or '{key}'"
        )
    for key in given:
        text = _fixed(config.get(key))
        if text is None:
            continue
        if key == "commit" and not COMMIT.fullmatch(text):
            yield ConfigProblem(
                path=(key,),
                message=f"'{text}' is no commit",
                hint="write all 40 hexadecimal digits, as 'git rev-parse'",
            )
        elif key != "commit" and (not _REF.fullmatch(text) or ".." in text or text.endswith((".lock", "/", "."))):
            yield ConfigProblem(path=(key,), message=f"'{text}' is no name of a {key} in git")


def _path_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    text = config.get("path")
    if not isinstance(text, str):
        return
    if text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text) or "\\" in text:
        hint = "write it from the repository's root on, with '/' between folders"
        yield ConfigProblem(path=("path",), message=f"'{text}' is no path inside the repository", hint=hint)
    elif ".." in text.split("/"):
        yield ConfigProblem(path=("path",), message=f"'{text}' leads out of the repository")
    elif text == "":
        yield ConfigProblem(path=("path",), message="'path' is empty", hint="leave it out for the repository's root")


def _module_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    module, version = config.get("module"), config.get("module_version")
    if module is None and version is not None:
        yield ConfigProblem(path=("module_version",), message="'module_version' without 'module' has no meaning")
    if (text := _fixed(module)) is None:
        return
    try:
        kind = module_address(text).kind
    except ModuleAddressError as error:
        yield ConfigProblem(path=("module",), message=str(error))
        return
    if version is not None and kind != "registry":
        yield ConfigProblem(
            path=("module_version",),
            message=f"'module_version' is for modules of a registry, and '{text}' is none",
            hint="a git address takes '?ref=', and the repository's own modules are those of its commit",
        )


def _variable_problems(config: Mapping[str, Any], facts: ConfigFacts) -> Iterator[ConfigProblem]:
    variables = config.get("variables")
    if not isinstance(variables, Mapping):
        return
    for name, value in variables.items():
        path: Path = ("variables", name)
        if not _VARIABLE.fullmatch(str(name)):
            yield ConfigProblem(
                path=path,
                message=f"'{name}' is no name of a variable",
                hint="Terraform's names have letters, digits, '_' and '-', and do not begin with a digit",
            )
        elif config.get("module") is not None and name in _RESERVED:
            yield ConfigProblem(path=path, message=f"'{name}' is Terraform's own word in a module's call")
        elif name == "action" and not facts.undoing and value == "destroy":
            yield ConfigProblem(
                path=path,
                message="'action: destroy' among the variables is for rollbacks",
                hint="write 'action: destroy' beside 'variables' to destroy here",
            )


def _version_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    for key in ("version", "module_version"):
        if (text := _fixed(config.get(key))) is not None:
            try:
                parse_constraint(text)
            except VersionError as error:
                yield ConfigProblem(path=(key,), message=str(error), hint="for example '>= 1.8, < 2' or '~> 1.9'")


def _local_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    repository = config.get("repository")
    if repository is None:
        yield ConfigProblem(
            path=(), message="'repository' is missing: the local runner needs one", hint="a git URL or a name"
        )
    if "cloud_connection" in config:
        yield ConfigProblem(
            path=("cloud_connection",), message="'cloud_connection' is for 'runner: cloud'", hint="add it, or drop this"
        )
    yield from _backend_problems(config)


def _backend_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    backend = config.get("backend")
    if "workspace" in config and not isinstance(backend, Mapping):
        yield ConfigProblem(
            path=("workspace",),
            message="'workspace' needs a 'backend' or 'runner: cloud'",
            hint="without one every request has a state of its own",
        )
    if not isinstance(backend, Mapping) or not isinstance(arguments := backend.get("config", {}), Mapping):
        return
    kind = backend.get("type")
    if kind == "local":
        path = arguments.get("path")
        if path is None or ((text := _fixed(path)) is not None and not text.startswith("/")):
            yield ConfigProblem(
                path=("backend", "config", "path") if path is not None else ("backend", "config"),
                message="the state would be lost with the run's folder",
                hint="give the backend 'local' a 'path' from '/' on, that all workers share",
            )
    for name in _REQUIRED.get(str(kind), ()):
        if name not in arguments:
            yield ConfigProblem(path=("backend", "config"), message=f"the backend '{kind}' needs '{name}'")
    if "workspace" in config and kind == "http":
        yield ConfigProblem(path=("workspace",), message="the backend 'http' has no workspaces")
    workspace = _fixed(config.get("workspace"))
    if workspace is not None and (not _WORKSPACE.fullmatch(workspace) or "/" in workspace):
        yield ConfigProblem(path=("workspace",), message=f"'{workspace}' is no name of a workspace")


_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "s3": ("bucket", "key"),
    "gcs": ("bucket",),
    "azurerm": ("storage_account_name", "container_name", "key"),
    "http": ("address",),
    "pg": ("conn_str",),
}


def _cloud_problems(config: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    if config.get("workspace") is None:
        yield ConfigProblem(
            path=(), message="'workspace' is missing: 'runner: cloud' needs one", hint="'name' or 'organization/name'"
        )
    elif (text := _fixed(config["workspace"])) is not None and (
        not _WORKSPACE.fullmatch(text) or text.count("/") > 1 or "" in text.split("/")
    ):
        yield ConfigProblem(path=("workspace",), message=f"'{text}' is no name of a workspace")
    for key in _LOCAL_ONLY:
        if key in config:
            yield ConfigProblem(
                path=(key,),
                message=f"'{key}' is for the local runner",
                hint="the workspace says this in Terraform Cloud",
            )
    if config.get("repository") is None:
        for key in _OF_REPOSITORY:
            if key in config:
                yield ConfigProblem(
                    path=(key,),
                    message=f"'{key}' needs a 'repository'",
                    hint="without one, the workspace's own configuration runs",
                )
