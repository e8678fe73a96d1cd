"""Semantic versions: what is one, and which comes after which."""

from __future__ import annotations

import itertools

import pytest

from catalog_compiler.semantic_version import SemanticVersion


def test_versions_are_ordered_as_semver_orders_them():
    """The list of semver.org's item 11, and numbers as numbers."""
    texts = (
        "0.9.0 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 "
        "1.2.0 1.10.0 2.0.0"
    )
    versions = [SemanticVersion.parse(text) for text in texts.split()]

    for earlier, later in itertools.pairwise(versions):
        assert later.is_after(earlier)
        assert not earlier.is_after(later)


def test_a_build_has_no_precedence():
    """Two builds of one version are the same version."""
    assert SemanticVersion.parse("1.0.0+a") == SemanticVersion.parse("1.0.0+b")


@pytest.mark.parametrize(
    "text", ["1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0 ", "1.0.0\n", "\u0661.0.0", ""]
)
def test_other_texts_are_no_versions(text):
    """Nothing is guessed."""
    assert SemanticVersion.parse(text) is None
