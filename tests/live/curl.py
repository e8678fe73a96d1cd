"""`curl` as the guide calls it, for machines without one: `-s`, `-H <header>`, `--json <body>` and a URL.

Ends with 22 where the answer is an error, as curl does with `--fail`.
"""

from __future__ import annotations

import argparse
import sys

import httpx


def main() -> int:
    """Print what is answered."""
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("--json")
    parser.add_argument("url")
    asked = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in asked.header)
    if asked.json is not None:
        headers["Content-Type"] = "application/json"
    method = "GET" if asked.json is None else "POST"
    answer = httpx.request(method, asked.url, headers=headers, content=asked.json, timeout=90, trust_env=False)
    sys.stdout.write(f"{answer.text}\n")
    return 22 if answer.is_error else 0


if __name__ == "__main__":
    sys.exit(main())
