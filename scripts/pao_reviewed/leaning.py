"""What our code leans on in Airflow beyond what that promises to keep, as far as our code shows it.

Of all modules that are loaded into Airflow: the methods that our subclasses override, and those of their own bases that
they call; every private name; what is imported from those packages of Airflow that are nobody's interface; and of all
others that Airflow documents for nobody, the functions that are imported, and the methods of imported classes that are
called, as their names tell. What cannot be seen is what a column of a model means, and behaviour that was copied: those
are added by hand.
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
DOCUMENTED = (
    "airflow.dag_processing.bundles",
    "airflow.plugins_manager",
    "airflow.providers",
    "airflow.sdk",
    "airflow.triggers.base",
)
"""Those that it does name. Of all others, what is called has to be in the list."""
COMMON = frozenset({*dir(dict), *dir(list), *dir(set), *dir(str)})
"""Names of methods that tell nothing of whose they are."""


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
    needed = {
        *_bases(module, tree, known),
        *_imports(tree, known),
        *_private_names(module, tree, known),
        *_calls(tree, known),
    }
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

    def covers(self, part: str) -> bool:
        """Whether that function or method is in the list, or the whole class that it is of."""
        return part in self.names or part.rpartition(".")[0] in self.names


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


def _calls(tree: ast.Module, known: Known) -> Iterator[tuple[int, str]]:
    """Functions and methods of Airflow that nobody documents, as far as names tell that it is they that are called."""
    imported = dict(_undocumented(tree))
    kinds = [each for each in imported.values() if inspect.isclass(each)]
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name not in COMMON:
                parts = {part for kind in kinds if (part := _method(kind, name))}
            case ast.Call(func=ast.Name(id=name)) if inspect.isclass(kind := imported.get(name)):
                parts = {part for part in [_method(kind, "__init__")] if part}
            case ast.Name(id=name) if inspect.isfunction(thing := imported.get(name)):
                parts = {f"{thing.__module__}:{thing.__qualname__}"}
            case _:
                continue
        # Where several classes have a method of that name, one of them is meant.
        if parts and not any(map(known.covers, parts)):
            yield node.lineno, " or ".join(sorted(parts))


def _undocumented(tree: ast.Module) -> Iterator[tuple[str, object]]:
    """Each name that is imported from what Airflow documents for nobody, and what it is of."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and _is_airflows(node.module):
            documented = any(f"{node.module}.".startswith(f"{each}.") for each in DOCUMENTED)
            for each in node.names if not documented or _is_internal(node.module) else ():
                yield each.asname or each.name, getattr(import_module(node.module), each.name, None)


def _method(kind: type, name: str) -> str | None:
    for base in kind.__mro__:
        if name in vars(base):
            part = f"{base.__module__}:{base.__qualname__}.{name}"
            airflows = _is_airflows(base.__module__) and _is_method(vars(base)[name])
            return part if airflows and find_source(part) else None
    return None


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
