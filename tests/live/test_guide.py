"""The guide to the catalog on a real stack: its item is pushed, and ordered by the commands that it shows."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.live.catalog_repository import LiveCatalog
from tests.live.example_target import ExampleTarget
from tests.live.running_stack import ROOT, RunningStack
from tests.pao_docs.guide import blocks, run

CURL = f'curl() {{ PYTHONPATH="{ROOT}" "{sys.executable}" -m tests.live.curl "$@"; }}\n'


def test_the_guide_s_item_is_ordered_as_it_says(
    catalog: LiveCatalog, stack: RunningStack, target: ExampleTarget, tmp_path: Path
):
    """Its commands print what it says they print, and the queue is there, with its alarm."""
    shown = list(blocks())
    (item,) = [block for block in shown if block.file is not None and block.file.startswith("catalog/")]
    (order,) = [place for place, block in enumerate(shown) if block.for_a_stack]
    catalog.publish(texts={"job-queue": item.text})
    (tmp_path / ".pao").symlink_to(stack.settings.state)

    printed = run(CURL + shown[order].text, tmp_path, seconds=120)

    assert printed.endswith(f"\n{shown[order + 1].text}")
    assert [("created", "queues"), ("changed", "queues")] == target.effects("'invoices'")
