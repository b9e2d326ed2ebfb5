"""Executing every block of a recorded chain in a fresh application."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from abci_app.upgrade import WrongSoftware
from node.abci import Application
from node.history.errors import HistoryError
from node.history.recorded import RecordedBlock, RecordedGenesis, results_hash
from node.history.source import Source, blocks_with_results
from node.replay.difference import Difference, compare_hashes
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.crypto.keys_pb2 import PublicKey
from wire.gen.tendermint.types.params_pb2 import ConsensusParams, VersionParams
from wire.gen.tendermint.types.validator_pb2 import BlockIDFlag

_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Replayed:
    """How far it went: ``blocks`` executed and compared, up to ``height``; the first difference, if there is one.

    ``needed_version`` is the version of the software that the next block needs, where it is not this one.
    """

    chain_id: str
    blocks: int
    transactions: int
    height: int
    app_hash: bytes
    difference: Difference | None = None
    needed_version: int | None = None


async def replay(
    source: Source,
    application: Application,
    until: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Replayed:
    """Execute the chain's blocks from the genesis to ``until`` (default: the last), and compare every hash.

    Header H+1 carries the app hash after block H; what the last block came to is compared with the node's own results
    where it keeps them. Stops at the first difference, and before the first block that is for another version of the
    software to execute.

    Raises: HistoryError when the record does not begin with the genesis or is damaged; WrongSoftware when the chain
    began with another version; whatever else the application raises.
    """
    genesis, (first, newest) = await source.genesis(), await source.span()
    if first != genesis.initial_height:
        raise HistoryError(
            f"the node keeps blocks from {first} on, and the chain began at {genesis.initial_height}: replay a node "
            "that keeps all of them (--retain-blocks 0)"
        )
    last = min(until or newest, newest)
    app_hash = application.init_chain(init_chain_request(genesis)).app_hash
    done: abci.ResponseFinalizeBlock | None = None
    recorded: abci.ResponseFinalizeBlock | None = None
    blocks = transactions = 0
    difference: Difference | None = None
    needed_version: int | None = None
    async with aclosing(blocks_with_results(source, first, last)) as pairs:
        async for block, results in pairs:
            if done is not None:
                difference = compare_hashes(block.height - 1, block.app_hash, block.last_results_hash, done, recorded)
            elif block.app_hash != app_hash:
                difference = Difference(0, "app hash of the genesis", block.app_hash.hex(), app_hash.hex())
            if difference is not None:
                break
            try:
                done, recorded = application.finalize_block(finalize_request(block)), results
            except WrongSoftware as wrong:
                needed_version = wrong.needed_version
                break
            application.commit(abci.RequestCommit())
            blocks, transactions, app_hash = blocks + 1, transactions + len(block.txs), done.app_hash
            if progress is not None:
                progress(block.height, last)
    if difference is None and done is not None and recorded is not None:
        difference = compare_hashes(first + blocks - 1, recorded.app_hash, results_hash(recorded), done, recorded)
    height = first + blocks - 1
    return Replayed(genesis.chain_id, blocks, transactions, height, app_hash, difference, needed_version)


def init_chain_request(genesis: RecordedGenesis) -> abci.RequestInitChain:
    """What CometBFT asks before the first block."""
    return abci.RequestInitChain(
        time=_timestamp(genesis.time_ns),
        chain_id=genesis.chain_id,
        validators=[
            abci.ValidatorUpdate(pub_key=PublicKey(ed25519=key), power=power) for key, power in genesis.validators
        ],
        app_state_bytes=genesis.app_state,
        initial_height=genesis.initial_height,
        consensus_params=ConsensusParams(version=VersionParams(app=genesis.app_version)),
    )


def finalize_request(block: RecordedBlock) -> abci.RequestFinalizeBlock:
    """What CometBFT asks for a block; of the votes on the block before, who gave them and how, without their power."""
    votes = [
        abci.VoteInfo(
            validator=abci.Validator(address=vote.consensus_address),
            block_id_flag=BlockIDFlag.ValueType(vote.flag),
        )
        for vote in block.votes
    ]
    return abci.RequestFinalizeBlock(
        txs=block.txs,
        decided_last_commit=abci.CommitInfo(votes=votes),
        misbehavior=block.misbehavior,
        height=block.height,
        time=_timestamp(block.time_ns),
        next_validators_hash=block.next_validators_hash,
        proposer_address=block.proposer_address,
    )


def _timestamp(time_ns: int) -> Timestamp:
    seconds, nanoseconds = divmod(time_ns, _NANOSECONDS)
    return Timestamp(seconds=seconds, nanos=nanoseconds)
