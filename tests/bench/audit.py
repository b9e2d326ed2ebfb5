"""``python -m tests.bench.audit``: how fast a chain is executed anew, and audited, without reading it from a node."""

from __future__ import annotations

import time

from abci_app.app import App
from abci_app.state.store import MemoryStore
from node.audit.auditor import Auditor
from tests.simulator.simulation import Simulation

SEED, BLOCKS = 1, 600


def main() -> None:
    """Simulate a chain; time both over its blocks (CPU seconds of this process)."""
    simulation = Simulation(SEED)
    simulation.run(BLOCKS)
    genesis, blocks = simulation.record.genesis, simulation.record.blocks
    transactions = sum(len(block.txs) for block in blocks)
    started = time.process_time()
    app = App(MemoryStore())
    app.init_chain(*genesis)
    for height, block in enumerate(blocks, 1):
        app.finalize_block(height, *block)
        app.commit()
    replayed = time.process_time()
    auditor = Auditor(*genesis)
    for height, block in enumerate(blocks, 1):
        auditor.block(height, *block)
    audited = time.process_time()
    for name, seconds in (("replay", replayed - started), ("audit", audited - replayed)):
        print(
            f"{name}: {len(blocks)} blocks, {transactions} transactions in {seconds:.2f} s of CPU: "
            f"{len(blocks) / seconds:.0f} blocks/s, {transactions / seconds:.0f} transactions/s"
        )


if __name__ == "__main__":
    main()
