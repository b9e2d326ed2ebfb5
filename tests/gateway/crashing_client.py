"""A client that dies: `python -m tests.gateway.crashing_client TARGET STATE SEED COUNT`.

Sends COUNT keyed transfers of 1, 2, 3, … nano-euro and says so line by line; the test kills it whenever it likes.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from clients.common.chain import Chain
from clients.common.wallet import Wallet
from tests.gateway.txs import SINK
from wire import ledger


async def main(target: str, state: Path, seed: int, count: int) -> None:
    sender = Wallet.from_seed(seed.to_bytes(32, "big"))
    async with await Chain.open(target, state=state) as chain:

        async def send(amount_neur: int) -> None:
            receipt = await chain.submit(sender, ledger.Transfer(SINK.address, amount_neur), key=f"pay/{amount_neur}")
            print(amount_neur, receipt.tx_hash.hex(), flush=True)

        await asyncio.gather(*(send(amount) for amount in range(1, count + 1)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
