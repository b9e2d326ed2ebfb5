"""The state machine as an ABCI application: requests in, plain calls, replies out; nothing else happens here."""

# ruff: noqa: ARG002 - the arguments are the interface of ABCI, though not every answer needs them
from __future__ import annotations

import logging
from base64 import b64encode
from typing import Final, NamedTuple

from abci_app.app import App
from abci_app.core.events import EncodedEvent
from abci_app.pipeline import TxResult
from node.abci import Application
from node.snapshots.layout import Offer
from node.snapshots.refusal import Fault, SnapshotRefused
from node.snapshots.service import Replace, Snapshots
from node.validator.retention import Retention
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.crypto.keys_pb2 import PublicKey
from wire.gen.tendermint.crypto.proof_pb2 import ProofOp as ProofOpMessage
from wire.gen.tendermint.crypto.proof_pb2 import ProofOps
from wire.gen.tendermint.types.params_pb2 import ConsensusParams, VersionParams
from wire.gen.tendermint.types.validator_pb2 import BLOCK_ID_FLAG_COMMIT
from wire.governance import Misbehaviour, Offence
from wire.results import Code

CODESPACE = "vdg"

_ACCEPT = abci.ResponseProcessProposal.ACCEPT
_REJECT = abci.ResponseProcessProposal.REJECT

_SNAPSHOT: Final = abci.ResponseOfferSnapshot
_CHUNK: Final = abci.ResponseApplySnapshotChunk

log = logging.getLogger(__name__)


class Keeping(NamedTuple):
    """What a node on a disk has besides the state: snapshots, how the state is replaced by one, and pruning."""

    snapshots: Snapshots
    replace: Replace
    retention: Retention


class ValidatorApplication(Application):
    """Answers CometBFT from an App; without `keeping`, there are no snapshots and no block is pruned."""

    def __init__(self, app: App, keeping: Keeping | None = None) -> None:
        self._app = app
        self._keeping = keeping

    def info(self, request: abci.RequestInfo) -> abci.ResponseInfo:
        """The last commit; CometBFT replays what comes after it."""
        last = self._app.last_block
        return abci.ResponseInfo(
            data=CODESPACE,
            version=str(self._app.software_version),
            app_version=self._app.app_version,
            last_block_height=last.height,
            last_block_app_hash=last.app_hash if last.height else b"",
        )

    def init_chain(self, request: abci.RequestInitChain) -> abci.ResponseInitChain:
        """Write the genesis."""
        validators = [(validator.pub_key.ed25519, validator.power) for validator in request.validators]
        began_with = request.consensus_params.version.app
        app_hash = self._app.init_chain(
            request.chain_id, request.time.seconds, validators, request.app_state_bytes, began_with
        )
        return abci.ResponseInitChain(app_hash=app_hash)

    def check_tx(self, request: abci.RequestCheckTx) -> abci.ResponseCheckTx:
        """Whether a transaction may enter or stay in the mempool."""
        result = self._app.check_tx(request.tx)
        if result.code is Code.OK:
            return abci.ResponseCheckTx()
        return abci.ResponseCheckTx(code=result.code, log=_log(result), codespace=CODESPACE)

    def prepare_proposal(self, request: abci.RequestPrepareProposal) -> abci.ResponsePrepareProposal:
        """The transactions that a block can hold."""
        txs = self._app.prepare_proposal(list(request.txs), request.max_tx_bytes, request.time.seconds)
        return abci.ResponsePrepareProposal(txs=txs)

    def process_proposal(self, request: abci.RequestProcessProposal) -> abci.ResponseProcessProposal:
        """Whether the proposed block is accepted."""
        accepted = self._app.process_proposal(list(request.txs), request.time.seconds)
        return abci.ResponseProcessProposal(status=_ACCEPT if accepted else _REJECT)

    def finalize_block(self, request: abci.RequestFinalizeBlock) -> abci.ResponseFinalizeBlock:
        """Execute a decided block."""
        version_before = self._app.app_version
        done = self._app.finalize_block(
            request.height,
            request.time.ToNanoseconds(),
            list(request.txs),
            [_misbehaviour(found) for found in request.misbehavior],
            _signers(request.decided_last_commit),
        )
        return abci.ResponseFinalizeBlock(
            events=[_event(event) for event in done.block.events],
            tx_results=[_result(result) for result in done.block.results],
            validator_updates=[
                abci.ValidatorUpdate(pub_key=PublicKey(ed25519=key), power=power) for key, power in done.block.powers
            ],
            consensus_param_updates=_new_version(version_before, done.app_version),
            app_hash=done.app_hash,
        )

    def commit(self, request: abci.RequestCommit) -> abci.ResponseCommit:
        """Write it to disk; then see to snapshots and to what CometBFT may prune."""
        self._app.commit()
        if self._keeping is None:
            return abci.ResponseCommit()
        snapshots, last = self._keeping.snapshots, self._app.last_block
        snapshots.committed(self._app)
        retain_height = self._keeping.retention.height_to_keep(last.height, last.time_s, snapshots.oldest_height)
        return abci.ResponseCommit(retain_height=retain_height)

    def query(self, request: abci.RequestQuery) -> abci.ResponseQuery:
        """Answer from the last committed block."""
        answer = self._app.query(request.path, request.data, request.height, request.prove)
        return abci.ResponseQuery(
            code=answer.code,
            log=answer.message,
            key=request.data,
            value=answer.value,
            height=answer.height,
            proof_ops=ProofOps(ops=[ProofOpMessage(type=op.type, key=op.key, data=op.data) for op in answer.proof]),
            codespace=CODESPACE if answer.code else "",
        )

    def list_snapshots(self, request: abci.RequestListSnapshots) -> abci.ResponseListSnapshots:
        """The snapshots that peers may fetch."""
        offers = self._keeping.snapshots.offers if self._keeping else []
        return abci.ResponseListSnapshots(snapshots=[abci.Snapshot(**offer._asdict()) for offer in offers])

    def load_snapshot_chunk(self, request: abci.RequestLoadSnapshotChunk) -> abci.ResponseLoadSnapshotChunk:
        """A chunk of one of them; empty when it is not there."""
        if self._keeping is None:
            return abci.ResponseLoadSnapshotChunk()
        chunk = self._keeping.snapshots.chunk(request.height, request.format, request.chunk)
        return abci.ResponseLoadSnapshotChunk(chunk=chunk)

    def offer_snapshot(self, request: abci.RequestOfferSnapshot) -> abci.ResponseOfferSnapshot:
        """Whether a peer's snapshot is one of the state with the app hash that CometBFT trusts."""
        if self._keeping is None:
            return _SNAPSHOT(result=_SNAPSHOT.ABORT)
        found = request.snapshot
        offer = Offer(found.height, found.format, found.chunks, found.hash, found.metadata)
        try:
            layout = self._keeping.snapshots.offer(offer, request.app_hash)
        except SnapshotRefused as refused:
            log.warning("snapshot of height %d refused: %s", offer.height, refused)
            unknown = refused.fault is Fault.UNKNOWN_FORMAT
            return _SNAPSHOT(result=_SNAPSHOT.REJECT_FORMAT if unknown else _SNAPSHOT.REJECT)
        log.info("restoring the snapshot of height %d, %d chunks", layout.height, len(layout.parts))
        return _SNAPSHOT(result=_SNAPSHOT.ACCEPT)

    def apply_snapshot_chunk(self, request: abci.RequestApplySnapshotChunk) -> abci.ResponseApplySnapshotChunk:
        """Keep a chunk that verifies; of one that does not, want nothing more from its sender."""
        if self._keeping is None:
            return _CHUNK(result=_CHUNK.ABORT)
        try:
            complete = self._keeping.snapshots.apply(request.index, request.chunk)
        except SnapshotRefused as refused:
            log.warning("chunk %d from %s refused: %s", request.index, request.sender, refused)
            if refused.fault is Fault.NOT_OFFERED:
                return _CHUNK(result=_CHUNK.REJECT_SNAPSHOT)
            senders = [request.sender] if request.sender else []
            return _CHUNK(result=_CHUNK.RETRY, refetch_chunks=[request.index], reject_senders=senders)
        if complete:
            try:
                self._app = self._keeping.snapshots.finish(self._keeping.replace)
            except SnapshotRefused as refused:
                log.warning("snapshot refused: %s", refused)
                return _CHUNK(result=_CHUNK.REJECT_SNAPSHOT)
            log.info("restored the state of height %d", self._app.last_block.height)
        return _CHUNK(result=_CHUNK.ACCEPT)


def _misbehaviour(found: abci.Misbehavior) -> Misbehaviour:
    return Misbehaviour(Offence(found.type), found.validator.address, height=found.height)


def _signers(commit: abci.CommitInfo) -> frozenset[bytes] | None:
    """Whose votes for the block before are in its commit; None at the first height, which has none before it."""
    if not commit.votes:
        return None
    return frozenset(vote.validator.address for vote in commit.votes if vote.block_id_flag == BLOCK_ID_FLAG_COMMIT)


def _new_version(before: int, after: int) -> ConsensusParams | None:
    """What tells CometBFT to write another version into the headers from the next one on."""
    return None if after == before else ConsensusParams(version=VersionParams(app=after))


def _log(result: TxResult) -> str:
    return f"{result.code.name}: {result.message}"


def _result(result: TxResult) -> abci.ExecTxResult:
    if result.code is Code.OK:
        return abci.ExecTxResult(events=[_event(event) for event in result.events])
    events = [_event(event) for event in result.events]
    return abci.ExecTxResult(code=result.code, log=_log(result), codespace=CODESPACE, events=events)


def _event(event: EncodedEvent) -> abci.Event:
    """One attribute holds the canonical bytes; one more for each account, so that streams can filter."""
    attributes = [abci.EventAttribute(key="data", value=b64encode(event.data).decode())]
    attributes += [abci.EventAttribute(key="account", value=account.hex()) for account in event.accounts]
    return abci.Event(type=event.name, attributes=attributes)
