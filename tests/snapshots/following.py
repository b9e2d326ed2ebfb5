"""Whether a node follows a chain."""

from __future__ import annotations

import asyncio

from node.cometbft.rpc import RpcClient
from node.localnet.localnet import Localnet
from tests.snapshots.network import until


async def follows(joined: RpcClient, net: Localnet) -> None:
    """Wait until the joined node has executed a block that is yet to come, and compare the app hashes."""
    target = (await net.rpc(0).status()).height + 3

    async def reached() -> bool:
        status = await joined.status()
        # A block is there before its results are.
        return not status.catching_up and status.height > target

    await until(reached)
    own, others = await asyncio.gather(joined.block_results(target), net.rpc(0).block_results(target))
    assert own.app_hash == others.app_hash
    assert own.app_hash
