"""The receipts' own program on headers that a real CometBFT made, with absent votes, while its validators changed."""

from __future__ import annotations

import pytest

from tests.light.golden_chain import golden_blocks, golden_genesis
from tests.proofs.checking import program
from wire.light.json_form import light_block_to_json
from wire.light.verify import verify_commit

BLOCKS = golden_blocks()
CHAIN_ID = golden_genesis().chain_id


@pytest.mark.parametrize("height", sorted(BLOCKS))
def test_the_program_finds_the_same_signers_as_the_light_client(height: int) -> None:
    block = BLOCKS[height]
    powers, signed = program().verified_block(light_block_to_json(block), CHAIN_ID)
    assert powers == {validator.public_key: validator.power for validator in block.validators}
    assert signed == {signer.validator.public_key for signer in verify_commit(block)}


def test_a_real_commit_without_two_thirds_of_the_power_is_refused() -> None:
    (block,) = [one for one in BLOCKS.values() if one.height == 1]
    data = light_block_to_json(block)
    absent = {"block_id_flag": 1, "validator_address": "", "timestamp": "0001-01-01T00:00:00Z", "signature": None}
    for index in range(2):
        data["signed_header"]["commit"]["signatures"][index] = absent
    with pytest.raises(ValueError, match="too few signed header 1"):
        program().verified_block(data, CHAIN_ID)
