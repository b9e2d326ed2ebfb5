"""The bars on clearing, in a process of its own (no coverage tracing) and in processor time (no neighbours)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

SCRIPT = """
import sys, time
from abci_app.modules.market.clearing import clear
from tests.bench.clearing import SEED, random_book

bids, asks = random_book(int(sys.argv[1]))
for _ in range(3):
    started = time.process_time()
    clear(bids, asks, SEED)
    print(time.process_time() - started)
"""


@pytest.mark.parametrize(("orders", "bar_seconds"), [(10_000, 0.1), (100_000, 1.5)])
def test_a_large_book_clears_within_the_bar(orders: int, bar_seconds: float) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(orders)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert min(map(float, done.stdout.split())) < bar_seconds
