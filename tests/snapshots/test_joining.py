"""A node joins a running chain by state sync, past peers that lie, and follows on."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.localnet.errors import LocalnetError
from node.localnet.joining import NAME, Trust, look_up, make_joining
from node.localnet.localnet import Localnet
from tests.snapshots.following import follows
from tests.snapshots.network import FAST, application, new_chain, payment

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

LIARS = Path(__file__).with_name("lying_validator.py")


async def test_a_node_joins_by_state_sync_past_lying_peers_and_follows_on(folder: Path) -> None:
    # Snapshots far enough apart that all peers offer the same one; few enough blocks that the first ones go.
    options = ("--snapshot-interval", "40", "--retain-blocks", "60", "--retain-seconds", "2")
    async with new_chain(folder / "net", application(*options, script=LIARS), validators=3) as net:
        await net.up()
        for nonce in range(1, 6):
            await net.rpc(0).broadcast_tx_sync(payment(nonce))
        await net.wait_for_height(42)
        urls = [validator.rpc_url for validator in net.plan.validators]
        chain = await look_up(urls)
        make_joining(folder / "joined", chain, application=application(*options), settings=FAST)
        async with Localnet.open(folder / "joined") as joined:
            await joined.up()
            await follows(joined, net)
            first = (await joined.rpc(0).status()).earliest_height
            # It has no block from before the snapshot that it came from.
            assert first > 40
            log = (folder / "joined" / "log" / f"{NAME}.app.log").read_text()
            assert "WRONG_APP_HASH" in log
            assert "CHUNK_M" in log
            assert "restored the state of height" in log
            await net.rpc(0).broadcast_tx_sync(payment(6))
            await follows(joined, net)
        # It is a node like any other: it starts again without state sync.
        async with Localnet.open(folder / "joined") as again:
            await again.up()
            await follows(again, net)
            assert (await again.rpc(0).status()).earliest_height == first
            assert (await again.rpc(0).abci_info()).last_block_app_hash
        assert (await net.rpc(0).status()).earliest_height > 1


async def test_what_a_node_joins_is_compared_between_nodes_and_with_what_the_operator_knows(folder: Path) -> None:
    async with new_chain(folder / "net", application(), validators=2) as net:
        await net.up()
        urls = [validator.rpc_url for validator in net.plan.validators]
        chain = await look_up(urls)
        assert await look_up(urls, chain.trust) == chain
        with pytest.raises(LocalnetError, match="give --from twice"):
            await look_up(urls[:1] * 2)
        with pytest.raises(LocalnetError, match=f"block {chain.trust.height} of .* not 0101"):
            await look_up(urls, Trust(chain.trust.height, b"\x01" * 32))
        make_joining(folder / "joined", chain)
        with pytest.raises(LocalnetError, match="there is a node in"):
            make_joining(folder / "joined", chain)
