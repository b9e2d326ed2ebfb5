"""What an application answers CometBFT: one method for every request of ABCI 2.0."""

# ruff: noqa: ARG002 - the arguments are the interface, though few defaults look at theirs
from __future__ import annotations

from node.abci.framing import encode_length
from wire.gen.tendermint.abci import types_pb2 as abci


def bytes_in_block(tx: bytes) -> int:
    """Return how many bytes a transaction takes of ``max_tx_bytes``: itself, its length and a tag."""
    return 1 + len(encode_length(len(tx))) + len(tx)


class Application:
    """A deterministic state machine under CometBFT. Override what you need; the defaults keep an empty chain going.

    Methods are plain functions. The server calls them on its event loop, one at a time over all connections,
    so an application needs no locks and never sees two requests at once; and while a method runs, nothing else
    does. A method that raises ends the server (:class:`~node.abci.errors.ApplicationFailedError`): refuse a
    transaction by its result code, raise only when going on would be wrong.

    Order on a running chain: ``info`` at every start; ``init_chain`` once in the chain's life; then for every
    height ``prepare_proposal`` (on the proposer), ``process_proposal``, ``finalize_block``, ``commit``.
    ``check_tx``, ``query`` and the snapshot methods come on connections of their own, between any two of these.
    ``finalize_block`` must not make anything durable: ``commit`` does, as CometBFT repeats every height that
    ``info`` does not name as committed.
    """

    def echo(self, request: abci.RequestEcho) -> abci.ResponseEcho:
        """Return the message: a test of the connection."""
        return abci.ResponseEcho(message=request.message)

    def flush(self, request: abci.RequestFlush) -> abci.ResponseFlush:
        """Return nothing. The server then sends every reply that it still holds."""
        return abci.ResponseFlush()

    # ---- Connection "query" ----

    def info(self, request: abci.RequestInfo) -> abci.ResponseInfo:
        """Return the last height whose commit was completed, and its app hash; here none.

        CometBFT replays all later blocks through ``finalize_block`` and ``commit`` and stops when a hash differs.
        """
        return abci.ResponseInfo()

    def query(self, request: abci.RequestQuery) -> abci.ResponseQuery:
        """Read state of a committed height. Here every path is refused with code 1."""
        return abci.ResponseQuery(code=1, log=f"no query at path {request.path!r}: this application answers none")

    # ---- Connection "mempool" ----

    def check_tx(self, request: abci.RequestCheckTx) -> abci.ResponseCheckTx:
        """Say with code 0 that a transaction may enter the mempool, or stay after a block. Here all may."""
        return abci.ResponseCheckTx()

    def insert_tx(self, request: abci.RequestInsertTx) -> abci.ResponseInsertTx:
        """Take a transaction into the application's own mempool. Here refused with code 1: there is none.

        CometBFT v0.40 asks only where ``mempool.type = "app"`` is configured.
        """
        return abci.ResponseInsertTx(code=1)

    def reap_txs(self, request: abci.RequestReapTxs) -> abci.ResponseReapTxs:
        """Give transactions of the application's own mempool to be gossiped. Here there are none."""
        return abci.ResponseReapTxs()

    # ---- Connection "consensus" ----

    def init_chain(self, request: abci.RequestInitChain) -> abci.ResponseInitChain:
        """Set up the state before the first block from the genesis file's ``app_state``. Here there is none."""
        return abci.ResponseInitChain()

    def prepare_proposal(self, request: abci.RequestPrepareProposal) -> abci.ResponsePrepareProposal:
        """Choose a block's transactions, at most ``max_tx_bytes`` by :func:`bytes_in_block`.

        Here the mempool's, in their order, as far as they fit.
        """
        chosen = abci.ResponsePrepareProposal()
        room_bytes = request.max_tx_bytes
        for tx in request.txs:
            room_bytes -= bytes_in_block(tx)
            if room_bytes < 0:
                break
            chosen.txs.append(tx)
        return chosen

    def process_proposal(self, request: abci.RequestProcessProposal) -> abci.ResponseProcessProposal:
        """Vote on a proposed block. Here every block is accepted.

        What a correct proposer's ``prepare_proposal`` gives must be.
        """
        return abci.ResponseProcessProposal(status=abci.ResponseProcessProposal.ACCEPT)

    def extend_vote(self, request: abci.RequestExtendVote) -> abci.ResponseExtendVote:
        """Attach data to this validator's precommit, where vote extensions are enabled. Here none."""
        return abci.ResponseExtendVote()

    def verify_vote_extension(
        self,
        request: abci.RequestVerifyVoteExtension,
    ) -> abci.ResponseVerifyVoteExtension:
        """Judge another validator's extension. Here only an empty one is accepted."""
        if request.vote_extension:
            return abci.ResponseVerifyVoteExtension(status=abci.ResponseVerifyVoteExtension.REJECT)
        return abci.ResponseVerifyVoteExtension(status=abci.ResponseVerifyVoteExtension.ACCEPT)

    def finalize_block(self, request: abci.RequestFinalizeBlock) -> abci.ResponseFinalizeBlock:
        """Execute a decided block; one result for each transaction. Here all succeed and change nothing."""
        return abci.ResponseFinalizeBlock(tx_results=[abci.ExecTxResult() for _ in request.txs])

    def commit(self, request: abci.RequestCommit) -> abci.ResponseCommit:
        """Make the finalized block durable before returning. Here there is nothing to keep."""
        return abci.ResponseCommit()

    # ---- Connection "snapshot" ----

    def list_snapshots(self, request: abci.RequestListSnapshots) -> abci.ResponseListSnapshots:
        """Name the snapshots that peers may fetch. Here none."""
        return abci.ResponseListSnapshots()

    def offer_snapshot(self, request: abci.RequestOfferSnapshot) -> abci.ResponseOfferSnapshot:
        """Take or refuse a peer's snapshot. Here state sync is ended, as this application cannot restore any."""
        return abci.ResponseOfferSnapshot(result=abci.ResponseOfferSnapshot.ABORT)

    def load_snapshot_chunk(self, request: abci.RequestLoadSnapshotChunk) -> abci.ResponseLoadSnapshotChunk:
        """Give a peer a chunk of a snapshot that was listed. Here empty: no such chunk."""
        return abci.ResponseLoadSnapshotChunk()

    def apply_snapshot_chunk(self, request: abci.RequestApplySnapshotChunk) -> abci.ResponseApplySnapshotChunk:
        """Restore from a chunk of the snapshot that was accepted. Here state sync is ended."""
        return abci.ResponseApplySnapshotChunk(result=abci.ResponseApplySnapshotChunk.ABORT)
