"""Example files that the documentation names are there, and the same as the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_example_book_is_the_one_that_the_market_s_page_shows() -> None:
    shown = re.search(r"```csv\n(.*?)```", (ROOT / "docs" / "market.md").read_text(), re.DOTALL)
    assert shown is not None
    assert (ROOT / "docs" / "examples" / "orders.csv").read_text() == shown[1]


def test_every_link_of_the_readme_and_the_docs_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"
