"""One validator's application, its disk and its mempool; it can crash, stay away, and catch up."""

from __future__ import annotations

from random import Random

from abci_app.app import App, Finalized
from tests.simulator.disk import Crash, Disk
from tests.simulator.post import Post
from tests.simulator.record import ChainRecord
from wire.results import Code

_MEMPOOL_TXS = 200


class Instance:
    """A process around an ``App``."""

    def __init__(self, name: str, record: ChainRecord) -> None:
        self.name = name
        self.post = Post()
        self.mempool: list[bytes] = []
        self.away_until = 0
        self.restarts = 0
        self._record = record
        self._disk = Disk()
        self.app = App(self._disk)
        self._init()

    @property
    def height(self) -> int:
        """The last block that it has committed."""
        return self.app.last_block.height

    def _init(self) -> None:
        """What CometBFT asks of an application without a block."""
        genesis = self._record.genesis
        self.app.init_chain(genesis.chain_id, genesis.time_s, genesis.validators, genesis.app_state)

    def restart(self) -> None:
        """A new process over the same disk: what was not committed is gone, blocks that are missing are replayed."""
        self.restarts += 1
        self.mempool.clear()
        self.app = App(self._disk)
        if not self.height:
            self._init()

    def wipe(self) -> None:
        """A new disk: everything is replayed from the genesis."""
        self._disk = Disk()
        self.restart()

    def join(self, disk: Disk) -> None:
        """A new disk that was filled from a snapshot."""
        self._disk = disk
        self.restart()

    def catch_up(self, height: int) -> None:
        """Execute what was decided meanwhile; every block must come to what it came to elsewhere."""
        while self.height < height:
            self.execute(self.height + 1)
            self.app.commit()

    def execute(self, height: int) -> Finalized:
        """A decided block, not committed yet."""
        block = self._record.blocks[height - 1]
        done = self.app.finalize_block(height, *block)
        self._record.agree(self.name, height, done)
        return done

    def commit(self, dies: Random | None) -> bool:
        """Commit; the process may die in the write. Whether it is still there."""
        if dies is not None:
            self._disk.die_in_next_write(dies)
        try:
            self.app.commit()
        except Crash:
            return False
        return True

    def receive(self, random: Random, height: int) -> None:
        """Check what the post brings, and what waits already (again), in this instance's own order."""
        arrived = self.post.arrivals(random, height)
        if random.random() < 0.5:
            arrived = self.mempool + arrived
            self.mempool = []
        for tx in arrived:
            if tx not in self.mempool and len(self.mempool) < _MEMPOOL_TXS and self.app.check_tx(tx).code is Code.OK:
                self.mempool.append(tx)

    def forget(self, txs: list[bytes]) -> None:
        """Take what is in a block out of the mempool."""
        gone = set(txs)
        self.mempool = [tx for tx in self.mempool if tx not in gone]
