"""Conditions: what they mean, which fields they show, whether they can hold, and how a form states them."""

from catalog_compiler.conditions.checks import check_conditions
from catalog_compiler.conditions.meaning import evaluation_order, holds, referenced_fields, visible_fields

__all__ = ["check_conditions", "evaluation_order", "holds", "referenced_fields", "visible_fields"]
