"""All pages that are made, by file name."""

from __future__ import annotations

from node.reference.events import events_page
from node.reference.genesis import genesis_page
from node.reference.genesis_example import example_json
from node.reference.queries import queries_page
from node.reference.results import results_page
from node.reference.transactions import transactions_page


def pages() -> dict[str, str]:
    """The text of each page under `docs/`."""
    return {
        "transactions.md": transactions_page(),
        "queries.md": queries_page(),
        "events.md": events_page(),
        "results.md": results_page(),
        "genesis.md": genesis_page(),
        "genesis.example.json": example_json(),
    }
