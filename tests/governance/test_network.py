"""Validators of a real chain join, leave and rotate keys by proposals, and CometBFT follows."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from clients.common.light_blocks import RpcBlocks
from clients.common.trust import read_genesis
from node.cometbft.home import Home
from node.cometbft.node_keys import Key
from node.localnet.joining import look_up, make_follower
from node.localnet.localnet import Localnet
from tests.app.keyring import address
from tests.governance.network import FAST, Operators, members, new_network, possession, put_key, until_signs
from wire.address import address_of
from wire.governance import (
    AddValidator,
    Change,
    GetConsensusKeyRequest,
    GetConsensusKeyResponse,
    ListValidatorsRequest,
    ListValidatorsResponse,
    RemoveValidator,
    RotateValidatorKey,
)
from wire.light.client import LightClient

pytestmark = [pytest.mark.network, pytest.mark.timeout(240)]


async def test_a_fifth_validator_joins_and_signs_one_leaves_and_one_rotates_its_key(folder: Path) -> None:
    async with new_network(folder / "net") as net:
        await net.up()
        operators = Operators(net)
        chain = await look_up([validator.rpc_url for validator in net.plan.validators[:2]])
        make_follower(folder / "fifth", chain.genesis, chain.peers, settings=FAST)
        async with Localnet.open(folder / "fifth") as fifth:
            await fifth.up()
            key = Home.open(folder / "fifth" / "node").validator_key
            joining = AddValidator(key.public_key, 10, address("oscar"), possession(key, "oscar"))
            joined = await operators.decide(Change(add_validator=joining))
            assert key.public_key not in await members(net, joined + 1)
            assert (await members(net, joined + 2))[key.public_key] == 10
            await until_signs(net, key.address, joined + 2)

            gone = net.validator_public_keys[3]
            left = await operators.decide(Change(remove_validator=RemoveValidator(gone)))
            assert gone in await members(net, left + 1)
            assert set(await members(net, left + 2)) == {*net.validator_public_keys[:3], key.public_key}

            old, rotated = net.validator_public_keys[2], Key.generate()
            change = RotateValidatorKey(old, rotated.public_key, possession(rotated, "otto"))
            await net.stop("validator3")
            done = await operators.decide(Change(rotate_validator_key=change))
            await net.stop("validator2")
            put_key(net.home / "validator2", rotated)
            net.start("validator2")
            await until_signs(net, rotated.address, done + 2)

            state = await operators.ask(ListValidatorsRequest(), ListValidatorsResponse)
            powers = {validator.public_key: validator.power for validator in state.validators}
            height = (await net.rpc(0).status()).height
            assert (
                powers
                == await members(net, height)
                == dict.fromkeys([*net.validator_public_keys[:2], key.public_key, rotated.public_key], 10)
            )
            anchor = read_genesis(net.genesis_file)
            client = LightClient(RpcBlocks(net.plan.validators[0].rpc_url), anchor, time.time_ns)
            verified = await client.block_at(height)
            assert {signer.validator.public_key for signer in verified.signers} <= set(powers)
            record = await operators.ask(GetConsensusKeyRequest(old), GetConsensusKeyResponse)
            assert record.consensus_key is not None
            assert address_of(record.consensus_key.successor) == rotated.address
