"""What an application that overrides nothing answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.abci import Application, bytes_in_block
from tests.abci.kvstore import METHODS
from wire.gen.tendermint.abci import types_pb2 as abci

APPLICATION = Application()


def test_every_method_of_the_protocol_is_a_method_of_the_application() -> None:
    public = {name for name in vars(Application) if not name.startswith("_")}
    assert public == set(METHODS)


@given(st.lists(st.binary(max_size=300), max_size=30), st.integers(0, 3_000))
def test_a_proposal_is_as_many_of_the_mempools_transactions_as_fit(txs: list[bytes], room_bytes: int) -> None:
    request = abci.RequestPrepareProposal(txs=txs, max_tx_bytes=room_bytes)
    chosen = list(APPLICATION.prepare_proposal(request).txs)
    assert chosen == txs[: len(chosen)]
    # In a block, transactions stand in field 1 of a message, as they do in the reply.
    assert abci.ResponsePrepareProposal(txs=chosen).ByteSize() <= room_bytes
    if len(chosen) < len(txs):
        assert abci.ResponsePrepareProposal(txs=txs[: len(chosen) + 1]).ByteSize() > room_bytes


@given(st.integers(0, 20_000))
def test_a_transaction_takes_what_protobuf_needs_for_it(size: int) -> None:
    assert bytes_in_block(bytes(size)) == abci.ResponsePrepareProposal(txs=[bytes(size)]).ByteSize()


def test_a_block_gets_one_result_for_each_transaction() -> None:
    reply = APPLICATION.finalize_block(abci.RequestFinalizeBlock(txs=[b"a", b"b"]))
    assert list(reply.tx_results) == [abci.ExecTxResult()] * 2


def test_what_the_base_cannot_do_it_refuses() -> None:
    assert APPLICATION.query(abci.RequestQuery(path="/x")).code == 1
    assert APPLICATION.insert_tx(abci.RequestInsertTx(tx=b"x")).code == 1
    assert APPLICATION.offer_snapshot(abci.RequestOfferSnapshot()).result == abci.ResponseOfferSnapshot.ABORT
    applied = APPLICATION.apply_snapshot_chunk(abci.RequestApplySnapshotChunk())
    assert applied.result == abci.ResponseApplySnapshotChunk.ABORT


def test_only_the_empty_vote_extension_is_accepted() -> None:
    verdict = abci.ResponseVerifyVoteExtension
    own = APPLICATION.extend_vote(abci.RequestExtendVote()).vote_extension
    for extension, status in ((own, verdict.ACCEPT), (b"x", verdict.REJECT)):
        request = abci.RequestVerifyVoteExtension(vote_extension=extension)
        assert APPLICATION.verify_vote_extension(request).status == status
