"""`python -m node.reference [--check]`: write the reference pages, or fail when they are not fresh."""

from __future__ import annotations

import sys
from pathlib import Path

from node.reference.pages import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main(arguments: list[str]) -> int:
    """Returns the exit code: 1 when ``--check`` finds a page that is not what the code says."""
    stale = 0
    for name, text in pages().items():
        path = DOCS / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if arguments == ["--check"]:
            print(f"docs/{name} is not fresh: run `python -m node.reference`", file=sys.stderr)
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/{name}")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
