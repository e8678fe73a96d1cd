"""The guide to the catalog: its files are valid, its commands run, and they print what it says.

Its order on a stack that runs is in `tests/live/test_guide.py`.
"""

from __future__ import annotations

import inspect
import json
import re
import shlex

import pytest

from tests.pao_docs.guide import GUIDE, blocks, run, write


def test_following_the_guide_works(tmp_path):
    """From an empty folder to the end, in its order; a revision is shown as dots."""
    printed: str | None = None
    compared = 0
    for block in blocks():
        if block.file is not None:
            write(block, tmp_path)
        elif block.language == "sh":
            printed = run(block.text, tmp_path) if block.offline else None
        elif block.language == "text" and printed is not None:
            compared += 1
            assert block.text == re.sub(r"revision \w{12}", f"revision {'.' * 12}", printed)

    assert 6 == compared


def test_what_it_configures_is_what_a_catalog_takes():
    """The bundles that it shows have the options that there are."""
    from catalog_compiler.airflow.bundle import CatalogBundle

    (shown,) = [json.loads(block.text) for block in blocks() if block.language == "json" and block.file is None]
    options = set(inspect.signature(CatalogBundle).parameters) | {"refresh_interval"}

    assert {f"{CatalogBundle.__module__}.{CatalogBundle.__qualname__}"} == {bundle["classpath"] for bundle in shown}
    assert set() == {key for bundle in shown for key in bundle["kwargs"]} - options


def airflow_commands() -> list[str]:
    """Each command of Airflow's in the guide, on one line."""
    joined = "".join(block.text for block in blocks() if block.for_airflow).replace("\\\n", " ")
    return joined.splitlines()


@pytest.mark.parametrize("command", airflow_commands())
def test_commands_of_airflow_are_understood(command):
    """By Airflow's own parser."""
    from airflow.cli.cli_parser import get_parser

    get_parser().parse_args(shlex.split(command)[1:])


def test_links_lead_somewhere():
    """To files that are there, and to headings of the page."""
    text = GUIDE.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }

    for link in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = link.partition("#")
        assert (GUIDE.parent / file).exists() if file else anchor in headings, link
