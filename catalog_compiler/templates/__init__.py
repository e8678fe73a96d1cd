"""The template engine: the only way by which a value gets into what an action sends.

`parse` reads a string, `render` writes it for where it stands; checks ask for references and filters. Hosts render a
whole config with `render_config`.
"""

from catalog_compiler.templates.exceptions import (
    EncodingError,
    FilterError,
    TemplateError,
    TemplateSyntaxError,
    UnresolvedReferenceError,
)
from catalog_compiler.templates.field_values import field_value
from catalog_compiler.templates.filters import FILTERS, check_filters
from catalog_compiler.templates.references import References, references
from catalog_compiler.templates.rendering import evaluate, render, render_config, sample
from catalog_compiler.templates.scope import ROOTS, Scope
from catalog_compiler.templates.syntax import Expression, FilterCall, Template, has_template, parse, path_text
from catalog_compiler.templates.url_text import authority_expressions, starts_with_variable

__all__ = [
    "FILTERS",
    "ROOTS",
    "EncodingError",
    "Expression",
    "FilterCall",
    "FilterError",
    "References",
    "Scope",
    "Template",
    "TemplateError",
    "TemplateSyntaxError",
    "UnresolvedReferenceError",
    "authority_expressions",
    "check_filters",
    "evaluate",
    "field_value",
    "has_template",
    "parse",
    "path_text",
    "references",
    "render",
    "render_config",
    "sample",
    "starts_with_variable",
]
