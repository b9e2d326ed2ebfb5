"""The state machine as an ABCI application: requests in, plain calls, replies out; nothing else happens here."""

# ruff: noqa: ARG002 - the arguments are the interface of ABCI, though not every answer needs them
from __future__ import annotations

from base64 import b64encode

from abci_app.app import App
from abci_app.core.events import EncodedEvent
from abci_app.pipeline import TxResult
from node.abci import Application
from wire.gen.tendermint.abci import types_pb2 as abci
from wire.gen.tendermint.crypto.proof_pb2 import ProofOp as ProofOpMessage
from wire.gen.tendermint.crypto.proof_pb2 import ProofOps
from wire.results import Code

APP_VERSION = 1
CODESPACE = "vdg"

_ACCEPT = abci.ResponseProcessProposal.ACCEPT
_REJECT = abci.ResponseProcessProposal.REJECT


class ValidatorApplication(Application):
    """Answers CometBFT from an App."""

    def __init__(self, app: App) -> None:
        self._app = app

    def info(self, request: abci.RequestInfo) -> abci.ResponseInfo:
        """The last commit; CometBFT replays what comes after it."""
        last = self._app.last_block
        return abci.ResponseInfo(
            data=CODESPACE,
            version=str(APP_VERSION),
            app_version=APP_VERSION,
            last_block_height=last.height,
            last_block_app_hash=last.app_hash if last.height else b"",
        )

    def init_chain(self, request: abci.RequestInitChain) -> abci.ResponseInitChain:
        """Write the genesis."""
        validators = [(validator.pub_key.ed25519, validator.power) for validator in request.validators]
        app_hash = self._app.init_chain(request.chain_id, request.time.seconds, validators, request.app_state_bytes)
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
        done = self._app.finalize_block(request.height, request.time.ToNanoseconds(), list(request.txs))
        return abci.ResponseFinalizeBlock(
            events=[_event(event) for event in done.block.events],
            tx_results=[_result(result) for result in done.block.results],
            app_hash=done.app_hash,
        )

    def commit(self, request: abci.RequestCommit) -> abci.ResponseCommit:
        """Write it to disk."""
        self._app.commit()
        return abci.ResponseCommit()

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
