"""What our code leans on in Airflow beyond what that promises to keep, as far as our code shows it.

Of all modules that are loaded into Airflow: the methods that our subclasses override, and those of their own bases that
they call; every private name; and what is imported from those packages of Airflow that are nobody's interface. What
cannot be seen is a public method of a model, such as `DagRun.schedule_tis`, and behaviour that was copied: those are
added by hand.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Collection, Iterator
from importlib import import_module
from types import ModuleType
from typing import TypeGuard

import pao_airflow

import api_plugin
import catalog_compiler.airflow
from pao_reviewed.parts import Part
from pao_reviewed.source import find_source

INTERNAL = (
    "airflow.callbacks",
    "airflow.cli",
    "airflow.dag_processing.manager",
    "airflow.dag_processing.processor",
    "airflow.executors",
    "airflow.jobs",
    "airflow.models.trigger",
    "airflow.sdk.execution_time",
    "airflow.utils.process_utils",
    "airflow.utils.providers_configuration_loader",
)
"""Packages and modules that Airflow's documentation of its public interface does not name."""


def unlisted(parts: Collection[Part]) -> list[str]:
    """What is leant on and in no part of the list: each a line that says where, and what."""
    known = Known(parts)
    return [line for module in _modules() for line in unlisted_in(module, known)]


def _modules() -> Iterator[ModuleType]:
    for package in (pao_airflow, catalog_compiler.airflow, api_plugin):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Those of migrations run within Alembic alone.
            if ".migrations" not in each.name:
                yield import_module(each.name)


def unlisted_in(module: ModuleType, known: Known) -> list[str]:
    """The same of one module."""
    tree = ast.parse(inspect.getsource(module))
    needed = {*_bases(module, tree, known), *_imports(tree, known), *_private_names(module, tree, known)}
    return [f"{module.__file__}:{line}: {what} is in no reviewed part" for line, what in sorted(needed)]


class Known:
    """What the list has."""

    def __init__(self, parts: Collection[Part]) -> None:
        """Look all of it up."""
        self.names = {part.name for part in parts}
        self.last = {part.name.replace(":", ".").rpartition(".")[2] for part in parts}
        self.words = {word for part in parts if (source := find_source(part.name)) for word in source.words}

    def has(self, module: str, name: str) -> bool:
        """Whether it, or a part of it, is in the list: of that module, or of the one within that it is from."""
        for part in self.names:
            where, _, what = part.partition(":")
            if f"{where}.".startswith(f"{module}.") and f"{what}.".startswith(f"{name}."):
                return True
        return False


def _bases(module: ModuleType, tree: ast.Module, known: Known) -> Iterator[tuple[int, str]]:
    """Methods of Airflow's classes that subclasses in this module override, or call on themselves."""
    for node in _subclasses(module, tree):
        kind: type = getattr(module, node.name)
        overridden = {name: node.lineno for name, value in vars(kind).items() if _is_method(value)}
        used = {each.attr: each.lineno for each in ast.walk(node) if _is_own(each)}
        for name, line in {**used, **overridden}.items():
            base = next(
                (each for each in kind.__mro__[1:] if _is_internal(each.__module__) and name in vars(each)), None
            )
            if base is None or not _is_method(vars(base)[name]):
                continue
            part = f"{base.__module__}:{base.__qualname__}.{name}"
            # What `attrs` makes of a class has no source.
            if not known.has(base.__module__, f"{base.__qualname__}.{name}") and find_source(part):
                yield line, part


def _is_method(value: object) -> bool:
    return inspect.isroutine(value) or isinstance(value, (classmethod, staticmethod, property))


def _is_own(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Whether it is an attribute of `self`, `cls` or `super()`."""
    match node:
        case (
            ast.Attribute(value=ast.Name(id="self" | "cls")) | ast.Attribute(value=ast.Call(func=ast.Name(id="super")))
        ):
            return True
    return False


def _imports(tree: ast.Module, known: Known) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and _is_airflows(node.module):
            for each in node.names:
                module = f"{node.module}.{each.name}"
                private = any(_is_private(word) for word in module.split("."))
                a_module = any(name.startswith(f"{module}:") for name in known.names)
                if (private or _is_internal(node.module)) and not a_module and not known.has(node.module, each.name):
                    yield node.lineno, f"{node.module}:{each.name}"


def _private_names(module: ModuleType, tree: ast.Module, known: Known) -> Iterator[tuple[int, str]]:
    """Private attributes that this module does not make itself, of other objects or of Airflow's own bases."""
    if not any(isinstance(node, ast.ImportFrom) and _is_airflows(node.module) for node in ast.walk(tree)):
        return
    ours = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    ours |= {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    ours |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own = {node for each in _subclasses(module, tree) for node in ast.walk(each) if _is_own(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not _is_private(node.attr):
            continue
        if (node in own or not _is_own(node)) and node.attr not in ours | known.last | known.words:
            yield node.lineno, node.attr


def _subclasses(module: ModuleType, tree: ast.Module) -> Iterator[ast.ClassDef]:
    """The classes of this module that have a base of Airflow's."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        kind = getattr(module, node.name, None)
        if inspect.isclass(kind) and any(_is_airflows(each.__module__) for each in kind.__mro__):
            yield node


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _is_airflows(module: str | None) -> bool:
    return bool(module) and f"{module}.".startswith("airflow.")


def _is_internal(module: str) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in INTERNAL)
