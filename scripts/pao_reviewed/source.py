"""Finds a part of an installed package's source, and the digest of what it does: without comments and docstrings."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_NO_MATTER = {"ctx", "kind", "type_comment", "type_params", "lineno", "col_offset"}
"""Fields that say nothing of what code does, or that not every version of Python has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A class, a function or a constant, as it is installed."""

    path: Path
    line: int
    digest: str
    words: frozenset[str]
    """The names that occur in it."""


def find_source(part: str) -> Source | None:
    """The source of `package.module:Class.method`; None where there is no such thing.

    It is read, and never imported: what a decorator makes of it does not matter.
    """
    module, _, qualified = part.partition(":")
    path = _path(module)
    node: ast.AST | None = _tree(path, path.stat().st_mtime_ns) if path else None
    for name in qualified.split("."):
        node = _within(node, name) if node else None
    if path is None or node is None:
        return None
    text = _normalised(node)
    names = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    names |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return Source(
        path=path,
        line=getattr(node, "lineno", 1),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        words=frozenset(names),
    )


def _path(module: str) -> Path | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


@cache
def _tree(path: Path, _changed_at: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _within(node: ast.AST, name: str) -> ast.AST | None:
    """The last definition of that name: overloads come before what they are of."""
    found: ast.AST | None = None
    for each in ast.iter_child_nodes(node):
        if isinstance(each, _DEFINITIONS) and each.name == name:
            found = each
        elif isinstance(each, (ast.Assign, ast.AnnAssign)):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                found = each
    return found


def _normalised(node: object) -> str:
    """What the syntax tree says, in words that are the same in every version of Python."""
    if isinstance(node, list):
        return f"[{','.join(_normalised(each) for each in node)}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        kept = value[1:] if name == "body" and isinstance(node, _DEFINITIONS) and ast.get_docstring(node) else value
        if name not in _NO_MATTER and kept is not None and kept != []:
            fields.append(f"{name}={_normalised(kept)}")
    return f"{type(node).__name__}({','.join(fields)})"
