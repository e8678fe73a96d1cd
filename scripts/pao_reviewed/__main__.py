"""`scripts/reviewed` lists what has changed; `scripts/reviewed accept [PART ...]` notes that it was read."""

from __future__ import annotations

import sys

from pao_reviewed.leaning import unlisted
from pao_reviewed.parts import accept, differences, read_parts


def main(arguments: list[str]) -> int:
    """Do what the arguments say; 1 where something is left to read."""
    found = differences(read_parts())
    if arguments[:1] == ["accept"]:
        accept([each for each in found if each.part.name in arguments[1:] or not arguments[1:]])
        found = differences(read_parts())
    missing = unlisted(read_parts())
    for line in (*found, *missing):
        print(line)
    if found:
        print(f"\nRead {len(found)} parts, mend what rests on them, then: scripts/reviewed accept")
    if missing:
        print(f"\nAdd {len(missing)} parts to scripts/pao_reviewed/parts.toml, then: scripts/reviewed accept")
    return int(bool(found or missing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
