"""A validator that signs twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.partitions.clients import clients_of
from tests.partitions.payments import genesis
from tests.partitions.relayed import SETTINGS, relayed_network
from tests.partitions.steps import DEADLINE_SECONDS, assert_one_chain, caught_up, heights, until
from tests.partitions.twin import TWIN, first_misbehaviour, twin_of_the_last
from wire.codec import decode
from wire.events import event_name
from wire.governance import MisbehaviourRecorded, Offence

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

# CometBFT takes over changes of power so many blocks after the one that decides them.
POWER_DELAY_BLOCKS = 2


async def test_a_validator_that_signs_twice_is_reported_in_a_block_and_loses_its_power(home: Path) -> None:
    async with relayed_network(home, "twins", genesis(2)) as network:
        net = network.net
        twin = net.plan.validators[TWIN]
        height = (await net.rpc(0).status()).height
        async with clients_of(net, [(0, 1)], stall_seconds=1.0) as clients:
            async with twin_of_the_last(network, SETTINGS), asyncio.timeout(DEADLINE_SECONDS):
                found = await first_misbehaviour(net, height)
                without_it = found.in_block + POWER_DELAY_BLOCKS

                async def three_go_on() -> bool:
                    return (await heights(net))[0] > without_it + 2

                await until(three_go_on, "the others go on without it")
            await caught_up(net)
        assert found.validator.hex() == twin.address
        assert height < found.height <= found.in_block
        name = event_name(MisbehaviourRecorded)
        told = [
            (event[0], decode(MisbehaviourRecorded, event[3]))
            for event in clients[0].witness.events
            if event[2] == name
        ]
        in_block, record = told[0]
        assert in_block == found.in_block
        assert record.misbehaviour is not None
        assert record.misbehaviour.offence is Offence.OFFENCE_DUPLICATE_VOTE
        assert record.misbehaviour.consensus_address.hex() == twin.address
        assert record.misbehaviour.taken_power == twin.power
        for at, present in ((without_it - 1, True), (without_it, False)):
            powers = {one.address.hex(): one.voting_power for one in await net.rpc(0).validators(at)}
            assert (twin.address in powers) is present
            assert len(powers) == 3 + present
        await assert_one_chain(net)
