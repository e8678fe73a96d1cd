"""What the page on performance says is what was stored."""

from __future__ import annotations

from bench.peers.page import HEAD, table


def times(p50):
    return {"count": 10, "p50": p50, "p95": 2 * p50, "p99": 2 * p50, "slowest": 2 * p50}


def test_an_engine_is_a_line_with_what_it_did():
    """Long times in seconds; the rate is of what succeeded; and what was left out stands below."""
    engine = {
        "name": "Peer", "version": "1.0", "called": times(40.4), "completed": times(9000.0), "between": times(7.0),
        "runs": 200, "succeeded": 30, "failed": 0, "submitted": 1.26, "seconds": 60.0,
    }  # fmt: skip

    head, rule, line, left_out = table({"engines": [engine], "left_out": ["n8n was not measured: no npm"]})

    assert len(HEAD) == head.count(" | ") + 1 == rule.count("---")
    assert "| Peer 1.0 | 40 ms | 81 ms | 9000 ms | 18.0 s | 7 ms | 200 | 30 | 0.5 | 1.3 s |" == line
    assert "n8n was not measured: no npm" == left_out.strip()
