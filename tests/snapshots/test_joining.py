"""A node joins a running chain by state sync, past peers that lie, and follows on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from node.cometbft.genesis import ConsensusParams
from node.cometbft.rpc import RpcClient
from node.cometbft.rpc_errors import NotFoundError
from node.cometbft.settings import Settings
from node.localnet.control import stop
from node.localnet.errors import LocalnetError
from node.localnet.joining import NAME, Trust, look_up, make_joining
from node.localnet.localnet import Localnet
from node.snapshots.layout import FORMAT
from tests.snapshots.following import follows
from tests.snapshots.network import DEADLINE_SECONDS, application, new_chain, payment
from tests.snapshots.vdg import vdg

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

LIARS = Path(__file__).with_name("lying_validator.py")
# Blocks are fast while there is something to do and slow otherwise, so that the next snapshot is far away in time.
RESTING = Settings(timeout_commit_ms=50, create_empty_blocks_interval_ms=600)


async def test_a_node_joins_by_state_sync_past_lying_peers_and_follows_on(folder: Path) -> None:
    # Far enough apart that all peers offer the same one, and that the headers above the forged one are there.
    lying = application("--snapshot-interval", "40", script=LIARS)
    async with new_chain(folder / "net", lying, validators=3, settings=RESTING) as net:
        await net.up()
        paid = 0
        while (height := (await net.rpc(0).status()).height) < 42:
            paid += 1
            await net.rpc(0).broadcast_tx_sync(payment(paid))
            await net.wait_for_height(height + 1)
        # CometBFT asks a new peer for its snapshots once: what is not there yet is not heard of for two minutes.
        taken = [net.home / validator.name / "snapshots" / f"40-{FORMAT}" for validator in net.plan.validators]
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not all(place.exists() for place in taken):
                await asyncio.sleep(0.1)
        urls = [validator.rpc_url for validator in net.plan.validators]
        home = folder / "joined"
        servers = [part for url in urls for part in ("--from", url)]
        try:
            joined, told = await vdg("join", *servers, "--home", str(home))
            assert joined["chain_id"] == net.plan.chain_id
            assert f"trusting block {joined['trust_height']} with hash {joined['trust_hash']}" in told
            assert "restoring: 7 of 7 chunks" in told
            assert "follows at height" in told
            log = (home / "log" / f"{NAME}.app.log").read_text()
            assert "WRONG_APP_HASH" in log
            assert "CHUNK_M" in log
            async with RpcClient(Localnet.open(home).plan.validators[0].rpc_url) as rpc:
                await follows(rpc, net)
                first = (await rpc.status()).earliest_height
                # It has no block from before the snapshot that it came from.
                assert first > 40
                await net.rpc(0).broadcast_tx_sync(payment(paid + 1))
                await follows(rpc, net)
        finally:
            await asyncio.to_thread(stop, home)
        # It is a node like any other: it starts again without state sync.
        async with Localnet.open(home) as again:
            await again.up()
            await follows(again.rpc(0), net)
            assert (await again.rpc(0).status()).earliest_height == first


async def test_what_a_node_joins_is_compared_between_nodes_and_old_blocks_go(folder: Path) -> None:
    options = ("--retain-blocks", "30", "--retain-seconds", "2")
    params = ConsensusParams(evidence_max_age_blocks=30, evidence_max_age_seconds=2)
    async with new_chain(folder / "net", application(*options), validators=2, params=params) as net:
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
        # The first blocks go, and what of them stands in CometBFT's databases.
        await net.wait_for_height(45)
        assert 1 < (await net.rpc(0).status()).earliest_height <= 45
        with pytest.raises(NotFoundError):
            await net.rpc(0).commit(1)
