"""The real application in this process: opened, asked, moved on by one block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from abci_app.app import QUERY_OK, App, Finalized
from abci_app.state.store import MemoryStore
from node.messages.schema import Query
from wire.codec import decode, encode
from wire.governance import Misbehaviour


class QueryError(Exception):
    """The application did not answer a query; the text is its reason."""


class Chain:
    """One application over a store in memory."""

    def __init__(
        self, chain_id: str, start_s: int, validators: tuple[tuple[bytes, int], ...], app_state: bytes
    ) -> None:
        self._app = App(MemoryStore())
        self.chain_id = chain_id
        self.genesis_hash = self._app.init_chain(chain_id, start_s, validators, app_state)

    @property
    def height(self) -> int:
        """The height of the last block; 0 before the first."""
        return self._app.last_block.height

    def execute(
        self,
        time_s: int,
        txs: list[bytes],
        misbehaviour: Sequence[Misbehaviour] = (),
        signers: frozenset[bytes] | None = None,
    ) -> Finalized:
        """Execute and commit the next block. Raises: InvariantBroken, WrongSoftware."""
        finalized = self._app.finalize_block(self.height + 1, time_s * 10**9, txs, misbehaviour, signers)
        self._app.commit()
        return finalized

    def ask(self, query: Query, request: Any) -> Any:
        """The response to a query, from the last block. Raises: QueryError."""
        result = self._app.query(query.path, encode(request))
        if result.code != QUERY_OK:
            raise QueryError(result.message)
        return decode(query.response, result.value)
