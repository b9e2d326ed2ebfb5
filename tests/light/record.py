"""Record light blocks of a real chain whose validators change: `python -m tests.light.record` rewrites the golden file.

Four validators of power 10. The first's power becomes 100, the third stops, the second to fourth are removed: of the
genesis's power a quarter is left then, less than what vouches for a header without one in between.
"""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from node.cometbft.rpc import RpcClient
from node.cometbft.settings import Settings
from node.localnet.localnet import Localnet
from node.localnet.plan import Application

GOLDEN = Path(__file__).parent / "golden" / "chain.json"
CHAIN_ID = "light-golden"


@asynccontextmanager
async def changing_chain(folder: Path) -> AsyncIterator[Localnet]:
    """Four real validators with CometBFT's own key-value store, which takes changes of validators."""
    application = Application.of_cometbft("persistent_kvstore")
    settings = Settings(timeout_commit_ms=50)
    async with Localnet.create(folder, chain_id=CHAIN_ID, application=application, settings=settings) as net:
        net.write_genesis({})
        await net.up()
        yield net


async def set_power(net: Localnet, index: int, power: int) -> int:
    """Change a validator's power; the first height at which it holds."""
    key = base64.b64encode(net.validator_public_keys[index]).decode()
    sent = await net.rpc(0).broadcast_tx_sync(f"val=ed25519!{key}!{power}".encode())
    if sent.code:
        raise RuntimeError(f"the change was refused: {sent.log}")
    while True:
        height = (await net.rpc(0).status()).height
        members = {member.public_key: member.voting_power for member in await net.rpc(0).validators(height)}
        if members.get(net.validator_public_keys[index], 0) == power:
            return height
        await reach(net.rpc(0), height + 1)


async def reach(rpc: RpcClient, height: int) -> None:
    """Wait for a height."""
    async with asyncio.timeout(60):
        while (await rpc.status()).height < height:
            await asyncio.sleep(0.02)


async def change_validators(net: Localnet) -> int:
    """Change the validators as the module says; the last height that is worth recording."""
    await set_power(net, 0, 100)
    await net.stop("validator2")
    await reach(net.rpc(0), (await net.rpc(0).status()).height + 2)
    for index in (1, 2, 3):
        height = await set_power(net, index, 0)
    await reach(net.rpc(0), height + 3)
    return height + 2


async def recorded(rpc: RpcClient, height: int) -> dict[str, Any]:
    """A light block in the node's own words."""
    commit = await rpc.commit(height)
    validators = await rpc.call("validators", height=str(height), page="1", per_page="100")
    return {"signed_header": commit["signed_header"], "validators": validators["validators"]}


async def record() -> None:
    with tempfile.TemporaryDirectory(prefix="lg", dir="/tmp") as folder:
        async with changing_chain(Path(folder) / "net") as net:
            last = await change_validators(net)
            blocks = [await recorded(net.rpc(0), height) for height in range(1, last + 1)]
            genesis = json.loads((Path(folder) / "net/validator0/config/genesis.json").read_text())
    GOLDEN.write_text(json.dumps({"genesis": genesis, "blocks": blocks}, indent=1) + "\n")
    print(f"{len(blocks)} blocks in {GOLDEN}")


if __name__ == "__main__":
    asyncio.run(record())
