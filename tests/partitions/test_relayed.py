"""Partitions of four real validators: who has a majority goes on, nobody else, and clients miss nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.partitions.clients import clients_of
from tests.partitions.payments import genesis
from tests.partitions.relayed import relayed_network
from tests.partitions.steps import assert_one_chain, caught_up, cut_one_off, split

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]


async def test_majorities_go_on_halves_wait_and_streams_miss_nothing(home: Path) -> None:
    async with relayed_network(home, "partitions", genesis(3)) as network:
        net = network.net
        # One gateway prefers the validator that will be alone but knows the others; one knows nobody else.
        async with clients_of(net, [(3, 0, 1, 2), (3,)], stall_seconds=1.0) as clients:
            payer = clients[0].payer
            enough = len(payer.paid) + 3
            # Also those payments get through that were given to the lonely validator before the gateway left it.
            alone = await cut_one_off(network, 3, seconds=3, blocks=5, also=lambda: len(payer.paid) >= enough)
            assert alone.blocks_without_it >= 5
            halves = await split(network, [(0, 1), (2, 3)], seconds=3)
            assert halves.blocks_meanwhile <= 2
            await caught_up(net)
        await assert_one_chain(net)
