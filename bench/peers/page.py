"""Makes the table of docs/performance.md from a stored result: python -m bench.peers.page bench/results/<date>.json."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

HEAD = (
    "engine", "one, last call answered: p50", "p95", "one, completed: p50", "p95", "between two calls: p50",
    "at once", "completed", "runs/s", "all taken within",
)  # fmt: skip


def table(results: Mapping[str, Any]) -> Iterator[str]:
    """Its lines, in Markdown: an engine each, and below it a sentence for each that was left out."""
    yield _line(HEAD)
    yield _line(["---"] * len(HEAD))
    for engine in results["engines"]:
        rate = engine["succeeded"] / engine["seconds"] if engine["seconds"] else 0
        yield _line(
            (
                f"{engine['name']} {engine['version']}".rstrip(),
                *(_ms(engine[part][percentile]) for part in ("called", "completed") for percentile in ("p50", "p95")),
                _ms(engine["between"]["p50"]),
                str(engine["runs"]),
                str(engine["succeeded"]),
                f"{rate:.1f}",
                f"{engine['submitted']:.1f} s",
            )
        )
    for sentence in results["left_out"]:
        yield f"\n{sentence}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.1f} s"  # noqa: PLR2004


if __name__ == "__main__":
    stored = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print("\n".join(table(stored["results"]["peers"])))
