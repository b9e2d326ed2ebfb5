"""The application, as plain calls: what CometBFT asks over ABCI, without a word of its protocol.

``node`` translates ABCI requests into these calls. They come one at a time. Every call but ``commit`` leaves the disk
as it is, and a crash anywhere replays to the same app hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from abci_app.auth import Quotas
from abci_app.block import BlockResult, Decided, execute_block
from abci_app.core.context import Context
from abci_app.core.refusal import InvariantBroken, Refusal
from abci_app.genesis import parse_genesis, write_genesis
from abci_app.migrations import THIS_SOFTWARE, Software
from abci_app.pipeline import Pipeline, TxResult
from abci_app.registry import Registry
from abci_app.state.history import History, Rebuilt, Undo, read_record, rebuild
from abci_app.state.overlay import Committed, Overlay
from abci_app.state.proof import prove
from abci_app.state.singles import UPGRADE, VALIDATORS, parameters
from abci_app.state.store import Change, Store, StoreCorrupted, StoreView
from abci_app.state.tree import StateTree, TreeView
from abci_app.upgrade import migrate, require_genesis, require_software
from wire.chain import BlockInfo, GetParametersResponse, Validator
from wire.codec import CodecError, decode, encode
from wire.governance import Misbehaviour
from wire.merkle import ProofOp
from wire.results import Code

# Outside every store of the tree: its name starts below all of theirs.
LAST_BLOCK_KEY = b"\x00last-block"

QUERY_OK, QUERY_UNKNOWN_PATH, QUERY_BAD_REQUEST, QUERY_HEIGHT_UNAVAILABLE = 0, 1, 2, 3

# How many heights back items can be proved, unless the operator says otherwise.
DEFAULT_VERSIONS = 16


class QueryResult(NamedTuple):
    """An answer from the state after the block at ``height``; ``code`` is one of the QUERY_ constants.

    ``proof`` leads from ``value`` under the asked key to the app hash in the header of the next height.
    """

    code: int
    height: int
    value: bytes = b""
    message: str = ""
    proof: tuple[ProofOp, ...] = ()


class Finalized(NamedTuple):
    """A block's outcome, the app hash after it, and the version of the rules from the next one on."""

    block: BlockResult
    app_hash: bytes
    app_version: int


class _Pending(NamedTuple):
    """A finalized block that is not committed yet."""

    last: BlockInfo
    encoded: list[Change]
    changes: dict[bytes, Any]
    undo: Undo


class App:
    """The state machine over a store, of which the last ``versions`` heights can be proved.

    ``tree`` is the tree of all that is in the store, for whoever has it already; there are no versions before it then.

    Raises: StoreCorrupted when what is in the store is not what was committed; WrongSoftware when the next block is
    not for ``software`` to execute.
    """

    def __init__(
        self,
        store: Store,
        versions: int = DEFAULT_VERSIONS,
        software: Software = THIS_SOFTWARE,
        tree: StateTree | None = None,
    ) -> None:
        self._store = store
        self._software = software
        self._committed = Committed(store)
        meta = store.get(LAST_BLOCK_KEY)
        self._last = read_record(BlockInfo, meta) if meta else BlockInfo()
        rebuilt = rebuild(store) if tree is None else Rebuilt(tree, [])
        self._tree, self._history = rebuilt.tree, History(versions, rebuilt.undos)
        self._uncommitted: dict[bytes, Any] = {}
        self._pending: _Pending | None = None
        if meta and self._tree.root != self._last.app_hash:
            raise StoreCorrupted(
                f"the store hashes to {self._tree.root.hex()}, but height {self._last.height} was committed with "
                f"{self._last.app_hash.hex()}"
            )
        if meta:
            self._uncommitted = migrate(self._committed, software, self._last)
        self._open_chain(parameters(self._fresh_overlay()).modules if meta else ())

    def _open_chain(self, modules: Sequence[str]) -> None:
        """Set up what depends on the genesis."""
        self._registry = Registry(tuple(modules))
        self._pipeline = Pipeline(self._registry, self._last.chain_id)
        self._reset_mempool()

    def _reset_mempool(self) -> None:
        self._mempool = self._fresh_overlay()
        self._mempool_quotas = Quotas()

    def _fresh_overlay(self) -> Overlay:
        overlay = Overlay(self._committed)
        overlay.changes.update(self._uncommitted)
        return overlay

    @property
    def last_block(self) -> BlockInfo:
        """Height, time and app hash of the last commit; zeros before the first."""
        return self._last

    @property
    def tree(self) -> TreeView:
        """The tree of the last commit; good until the next block is finalized."""
        return TreeView(self._tree)

    def view(self) -> StoreView:
        """The store as of the last commit, to be read by another thread while blocks go on."""
        return self._store.view()

    @property
    def app_version(self) -> int:
        """The version of the rules after the last commit; this software's before the first."""
        return parameters(self._committed).app_version if self._last.height else self._software.version

    @property
    def software_version(self) -> int:
        """The version of the rules that this software executes."""
        return self._software.version

    def init_chain(
        self,
        chain_id: str,
        time_s: int,
        validators: Sequence[tuple[bytes, int]],
        app_state: bytes,
        app_version: int = 0,
    ) -> bytes:
        """Write the genesis; returns the app hash. ``validators`` are consensus keys with their power.

        ``app_version`` is the version that the chain began with; 0 takes this software's.

        Raises: GenesisError, WrongSoftware. Nothing is written to disk before the first block is committed.
        """
        require_genesis(self._software, app_version)
        genesis = parse_genesis(app_state)
        overlay = Overlay(self._committed)
        context = Context(overlay, chain_id=chain_id, height=0, time_s=time_s)
        registry = write_genesis(
            context, genesis, [Validator(key, power) for key, power in validators], self._software.version
        )
        self._registry = registry
        before = Context(Overlay(self._committed), chain_id=chain_id, height=0, time_s=time_s)
        registry.check_invariants(before, overlay.changes)
        self._uncommitted = overlay.changes
        self._tree.update((key, encode(value)) for key, value in overlay.changes.items() if value is not None)
        self._last = BlockInfo(0, time_s, chain_id, self._tree.root)
        self._open_chain(genesis.modules)
        return self._tree.root

    def check_tx(self, tx: bytes) -> TxResult:
        """Whether a transaction may enter the mempool, on top of those that are there."""
        try:
            self._pipeline.admit(self._mempool, tx, self._last.time_s, self._mempool_quotas)
        except Refusal as refusal:
            return TxResult(refusal.code, refusal.message)
        return TxResult(Code.OK)

    def prepare_proposal(self, txs: Sequence[bytes], max_bytes: int, time_s: int) -> list[bytes]:
        """The transactions, in their order, that a block of this time can hold."""
        overlay, quotas = self._fresh_overlay(), Quotas()
        chosen: list[bytes] = []
        for tx in txs:
            # What CometBFT adds to a transaction in a block: a tag and a length.
            size = len(tx) + 1 + (len(tx).bit_length() + 6) // 7
            if size > max_bytes:
                break
            try:
                self._pipeline.admit(overlay, tx, time_s, quotas)
            except Refusal:
                continue  # it goes to no block; CheckTx tells its sender why when the mempool is checked again
            chosen.append(tx)
            max_bytes -= size
        return chosen

    def process_proposal(self, txs: Sequence[bytes], time_s: int) -> bool:
        """Whether every transaction of a proposed block may be in it."""
        overlay, quotas = self._fresh_overlay(), Quotas()
        try:
            for tx in txs:
                self._pipeline.admit(overlay, tx, time_s, quotas)
        except Refusal:
            return False
        return True

    def finalize_block(
        self,
        height: int,
        time_ns: int,
        txs: Sequence[bytes],
        misbehaviour: Sequence[Misbehaviour] = (),
        signers: frozenset[bytes] | None = None,
    ) -> Finalized:
        """Execute a decided block.

        ``misbehaviour`` is what CometBFT proved of validators (offence, consensus address, height); ``signers`` are
        those whose votes are in the last block's commit, None where nobody tells.

        Raises: WrongSoftware, InvariantBroken; the node must stop then.
        """
        if self._pending is not None:
            self._tree.revert(self._pending.undo.tree)
            self._pending = None
        if height != self._last.height + 1:
            raise InvariantBroken(f"block {height} was asked for after {self._last.height}")
        require_software(self._fresh_overlay(), self._software, height)
        decided = Decided(height, time_ns, txs, misbehaviour, signers)
        block = execute_block(self._committed, self._uncommitted, self._registry, self._pipeline, self._last, decided)
        encoded: list[Change] = [
            (key, None if value is None else encode(value)) for key, value in block.changes.items()
        ]
        values = {key: self._committed.encoded(key) for key, _ in encoded}
        undo = Undo(height, self._tree.root, values, self._tree.update(encoded))
        last = BlockInfo(height, time_ns // 10**9, self._last.chain_id, self._tree.root)
        self._pending = _Pending(last, encoded, block.changes, undo)
        self._pipeline.forget(list(txs))
        return Finalized(block, self._tree.root, self._software.version)

    def commit(self) -> None:
        """Write the finalized block and what takes it back: one atomic, synced batch."""
        if self._pending is None:
            raise InvariantBroken("commit without a finalized block")
        last, encoded, changes, undo = self._pending
        self._store.write([*encoded, *self._history.changes(undo), (LAST_BLOCK_KEY, encode(last))])
        self._committed.absorb(changes, encoded)
        self._history.add(undo)
        self._last, self._pending, self._uncommitted = last, None, {}
        self._reset_mempool()

    def query(self, path: str, data: bytes, height: int = 0, prove: bool = False) -> QueryResult:
        """Answer a query.

        Paths: ``/<module>/<Query>`` with the encoded request and ``/chain/GetParameters``, from the last committed
        block; ``/store/<store>/key`` with a key of that store, at one of the last heights and with a proof if wanted.
        """
        if path.startswith("/store/") and path.endswith("/key"):
            return self._item(path.removeprefix("/store/").removesuffix("/key").encode(), data, height, prove)
        if prove or height not in (0, self._last.height):
            return QueryResult(
                QUERY_BAD_REQUEST,
                self._last.height,
                message=f"path = {path!r}: only /store/<store>/key is proved or answered at a height; ask for items",
            )
        height = self._last.height
        if path == "/chain/GetParameters":
            return QueryResult(QUERY_OK, height, encode(self._parameters()))
        found = self._registry.queries.get(path)
        if found is None:
            return QueryResult(
                QUERY_UNKNOWN_PATH,
                height,
                message=f"path = {path!r}: give one of {', '.join(self._registry.queries)}",
            )
        request_type, query = found
        context = Context(self._fresh_overlay(), chain_id=self._last.chain_id, height=height, time_s=self._last.time_s)
        try:
            value = encode(query(context, decode(request_type, data)))
        except CodecError as error:
            return QueryResult(QUERY_BAD_REQUEST, height, message=f"data: {error}; send a {request_type.__name__}")
        except Refusal as refusal:
            return QueryResult(QUERY_BAD_REQUEST, height, message=refusal.message)
        return QueryResult(QUERY_OK, height, value)

    def _item(self, store: bytes, key: bytes, height: int, prove_it: bool) -> QueryResult:
        """An item of a store; by default of the last block or, with a proof, of the last with a header after it."""
        last = self._last.height
        wanted = height or (last - 1 if prove_it else last)
        oldest = max(1, self._history.oldest_height(last))
        if not oldest <= wanted <= last:
            there = f"heights {oldest} to {last} are kept" if last else "there is no block yet"
            return QueryResult(QUERY_HEIGHT_UNAVAILABLE, last, message=f"height = {wanted}: {there}")
        version = self._history.at(wanted, self._tree, self._store)
        if self._pending is not None:
            # The tree has the finalized block already; the state is the committed one.
            version = version._replace(undos=[*version.undos, self._pending.undo])
        value = version.value(store + b"/" + key) or b""
        return QueryResult(QUERY_OK, wanted, value, proof=prove(version, store, key) if prove_it else ())

    def _parameters(self) -> GetParametersResponse:
        state = self._fresh_overlay()
        return GetParametersResponse(
            parameters(state), tuple(VALIDATORS.values(state)), self._last, UPGRADE.get(state, b"")
        )
