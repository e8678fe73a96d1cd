"""Makes the folder that Terraform runs in: the repository's own at `path`, or a generated one that calls a module."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from pao_actions.exceptions import PermanentError
from pao_actions.terraform.addresses import ModuleAddressError, module_address
from pao_actions.terraform.config import TerraformConfig
from pao_actions.terraform.guardian import ERRORED_STATE

OUTPUTS = "outputs"
"""The output of a generated root that holds those of its module."""
SENSITIVE = "sensitive_outputs"
"""The output of a generated root that tells which of them hold what Terraform calls sensitive."""
ISSENSITIVE_SINCE = (1, 8, 0)
"""The first version with the function `issensitive`."""

_CODE = (".tf", ".tf.json", ".tofu", ".tofu.json")
_GENERATED = "main.tf.json"
# Terraform reads override files in the order of their names, the last one counts.
_OVERRIDE = "~pao_override.tf.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Root:
    """Where Terraform runs; `call` is the name of the module's call in a generated one."""

    path: Path
    call: str | None


def make_root(config: TerraformConfig, repository: Path, version: tuple[int, int, int]) -> Root:
    """Find or generate the root in a checkout that is the run's own.

    Raises:
        PermanentError: if the folder is not there, leads out of the repository, or holds what does not fit.
    """
    path = _inside(repository, config.path)
    if config.module is None:
        if not path.is_dir():
            raise PermanentError(f"the repository has no folder '{config.path}'{_neighbours(repository, config.path)}")
        if not _code_files(path):
            raise PermanentError(f"'{config.path}' holds no Terraform files; correct 'path', or name a 'module'")
        call = None
    else:
        path.mkdir(parents=True, exist_ok=True)
        call = _generate(config, config.module, repository, path, version)
    _clear_reserved(path)
    return Root(path=path, call=call)


def write_backend(root: Root, kind: str, arguments: Mapping[str, JsonValue]) -> None:
    """Have the state kept there, whatever the root says itself."""
    _write_new(root.path / _OVERRIDE, {"terraform": {"backend": {kind: dict(arguments)}}})


def write_variables(file: Path, variables: Mapping[str, JsonValue]) -> None:
    """Input variables as JSON, in which Terraform reads texts as they are."""
    file.touch(mode=0o600)
    file.write_text(json.dumps(dict(variables), ensure_ascii=False), encoding="utf-8")


def own_backend(root: Root) -> str | None:
    """The backend that the root's own files name, as far as a look at their text tells."""
    for name in _code_files(root.path):
        if name != _OVERRIDE and (found := _BACKEND.search((root.path / name).read_text("utf-8", "replace"))):
            return found["kind"] or "cloud"
    return None


_BACKEND = re.compile(r'^[ \t]*(?:backend[ \t]+"(?P<kind>[a-z0-9]+)"|cloud)[ \t]*\{', re.MULTILINE)


def _inside(repository: Path, path: str) -> Path:
    """The folder, with no link on its way that leads out of the repository."""
    target = Path(os.path.normpath(repository / path))
    real, top = target.resolve(), repository.resolve()
    if Path(path).is_absolute() or not target.is_relative_to(repository) or not real.is_relative_to(top):
        raise PermanentError(f"'path' is '{path}', which leads out of the repository; correct it")
    if target.exists() and not target.is_dir():
        raise PermanentError(f"'path' is '{path}', which is a file; name the folder that it is in")
    return real


def _code_files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(_CODE) and entry.is_file())


def _neighbours(repository: Path, path: str) -> str:
    """The folders that there are instead, the nearest first."""
    folder, wanted = repository, ""
    for segment in Path(path).parts:
        wanted = segment
        if not (folder / segment).is_dir():
            break
        folder = folder / segment
    names = [entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name != ".git"]
    near = difflib.get_close_matches(wanted, names, n=3) or sorted(names)[:5]
    return f"; there are {', '.join(near)}" if near else ""


def _generate(config: TerraformConfig, module: str, repository: Path, path: Path, version: tuple[int, int, int]) -> str:
    if found := _code_files(path):
        raise PermanentError(
            f"'{config.path}' holds {found[0]}, so it is a root itself and can't call the module '{module}'; leave "
            "'module' out, or choose a 'path' without Terraform files"
        )
    values = sorted(
        entry.name for entry in path.iterdir() if entry.name.endswith((".auto.tfvars", ".auto.tfvars.json"))
    )
    values += [name for name in ("terraform.tfvars", "terraform.tfvars.json") if (path / name).exists()]
    if values:
        raise PermanentError(
            f"'{config.path}' holds {values[0]}, whose values a generated root does not pass on to its module; write "
            "them under 'variables', or call the module from a root of your own"
        )
    source = _source(module, repository, path)
    call = _call_name(module)
    block: dict[str, JsonValue] = {"source": source}
    if config.module_version is not None:
        block["version"] = config.module_version
    # Texts of a configuration are templates: a value comes in as a variable, never as text.
    block |= {name: f"${{var.{name}}}" for name in config.variables}
    flags = "issensitive(jsonencode(v))" if version >= ISSENSITIVE_SINCE else "true"
    document: dict[str, JsonValue] = {
        "module": {call: block},
        "output": {
            OUTPUTS: {"value": f"${{module.{call}}}", "sensitive": True},
            SENSITIVE: {"value": f"${{{{ for k, v in module.{call} : k => {flags} }}}}"},
        },
    }
    if config.variables:
        document["variable"] = {name: {} for name in config.variables}
    _write_new(path / _GENERATED, document)
    return call


def _source(module: str, repository: Path, path: Path) -> str:
    try:
        address = module_address(module)
    except ModuleAddressError as error:
        raise PermanentError(str(error)) from error
    if address.kind != "repository":
        return address.source
    folder = _inside(repository, f"modules/{address.source}")
    if not folder.is_dir() or not _code_files(folder):
        raise PermanentError(
            f"the repository has no module '{module}' below 'modules/'{_neighbours(repository, f'modules/{module}')}"
        )
    relative = os.path.relpath(folder, path).replace(os.sep, "/")
    return relative if relative.startswith("../") else f"./{relative}"


def _call_name(module: str) -> str:
    """A name by which people know the module in addresses of resources."""
    if module.startswith("git::"):
        text = re.split(r"[?]", module)[0].rstrip("/").rpartition("/")[2].removesuffix(".git")
    elif module_address(module).kind == "registry":
        text = module.split("/")[-2]
    else:
        text = module.rpartition("/")[2]
    name = re.sub(r"[^A-Za-z0-9_-]", "-", text)
    return name if re.match(r"[A-Za-z_]", name) else f"module-{name}"


def _clear_reserved(path: Path) -> None:
    """Take away what the repository holds under names that Terraform would write, or read as its own memory."""
    for name in (".terraform", ERRORED_STATE, "terraform.tfstate", "terraform.tfstate.d"):
        entry = path / name
        if entry.is_symlink() or entry.is_file():
            entry.unlink()
        elif entry.is_dir():
            shutil.rmtree(entry)


def _write_new(file: Path, document: Mapping[str, JsonValue]) -> None:
    """Write a file that must not be there: a link in its place would lead the writing elsewhere."""
    try:
        with file.open("x", encoding="utf-8") as out:
            json.dump(document, out, ensure_ascii=False, indent=2)
    except FileExistsError:
        raise PermanentError(f"the repository holds '{file.name}', a name that PAO writes itself; rename it") from None
    file.chmod(0o600)
