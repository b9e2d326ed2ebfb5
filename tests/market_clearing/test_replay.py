"""The same book gives the same bytes: in this process, in another, under any hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.market_clearing.books import random_small_books

REPOSITORY = Path(__file__).parents[2]

# SHA-256 over the outcome of every small book. A change here is consensus-breaking.
GOLDEN = "9ee0a4c1d9fc3a6b9f8693f218ab05b1e098f72cdc031f28aaa6a566369d32a2"

SCRIPT = """
from hashlib import sha256
from tests.market_clearing.books import every_small_book
print(sha256("".join(repr(book.clear()) for book in every_small_book()).encode()).hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295", "random"])
def test_every_hash_seed_gives_the_golden_outcome(hash_seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == GOLDEN


def test_a_replay_gives_the_same_bytes() -> None:
    for book in random_small_books(100):
        assert repr(book.clear()) == repr(book.clear())
