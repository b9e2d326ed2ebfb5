"""A validator that signs twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.partitions.clients import clients_of
from tests.partitions.payments import genesis
from tests.partitions.relayed import SETTINGS, relayed_network
from tests.partitions.steps import DEADLINE_SECONDS, assert_one_chain, caught_up
from tests.partitions.twin import TWIN, first_misbehaviour, twin_of_the_last

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]


async def test_a_validator_that_signs_twice_is_reported_in_a_block_and_the_chain_does_not_fork(home: Path) -> None:
    async with relayed_network(home, "twins", genesis(2)) as network:
        net = network.net
        height = (await net.rpc(0).status()).height
        async with clients_of(net, [(0, 1)], stall_seconds=1.0):
            async with twin_of_the_last(network, SETTINGS), asyncio.timeout(DEADLINE_SECONDS):
                found = await first_misbehaviour(net, height)
            await caught_up(net)
        assert found.validator.hex() == net.plan.validators[TWIN].address
        assert height < found.height <= found.in_block
        await assert_one_chain(net)
