"""A validator that signs twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from node.localnet.localnet import Localnet
from tests.partitions.clients import clients_of
from tests.partitions.payments import genesis
from tests.partitions.relayed import SETTINGS, VALIDATORS
from tests.partitions.steps import DEADLINE_SECONDS, assert_one_chain
from tests.partitions.twin import first_misbehaviour, twin_of

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]


async def test_a_validator_that_signs_twice_is_reported_in_a_block_and_the_chain_does_not_fork(home: Path) -> None:
    net = Localnet.create(home, chain_id="twins", validators=VALIDATORS, settings=SETTINGS)
    net.write_genesis(genesis(2))
    async with net:
        await net.up()
        height = (await net.rpc(0).status()).height
        async with clients_of(net, [(0, 1)], stall_seconds=1.0), twin_of(net, 3, SETTINGS):
            async with asyncio.timeout(DEADLINE_SECONDS):
                found = await first_misbehaviour(net, height)
        assert found.validator.hex() == net.plan.validators[3].address
        assert height < found.height <= found.in_block
        await assert_one_chain(net)
