"""The real state machine in this process as the chain of control: one block a transaction, of this moment's time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from nacl.signing import SigningKey

from abci_app.app import App
from abci_app.state.store import MemoryStore
from clients.dso.grid_chain import Outcome
from tests.dso.app_chain import DSO, account, genesis
from tests.dso.signer_process import CHAIN_ID, VDG
from wire.address import address_of
from wire.asset import Asset
from wire.codec import decode, encode
from wire.control import (
    ControlSession,
    GetGridControlRequest,
    GetGridControlResponse,
    GetSessionRequest,
    GetSessionResponse,
    GridControl,
    ListPhaseOrdersRequest,
    ListPhaseOrdersResponse,
    ListSignalsRequest,
    ListSignalsResponse,
    ListSwitchesRequest,
    ListSwitchesResponse,
    PhaseOrder,
    Switch,
)
from wire.results import Code
from wire.tx import TxBody, assemble

T = TypeVar("T")
CONTROLLER = SigningKey(b"C" * 32)


class AppControlChain:
    """A ControlChain. ``executed`` is called with each message that a block has, and its outcome."""

    def __init__(self, members: int, slot_seconds: int, control: dict[str, Any] | None = None) -> None:
        self.epoch_s = int(time.time()) - slot_seconds // 4
        document = genesis(b"\1" * 32, members, self.epoch_s, slot_seconds, 6)
        listed = document["accounts"]["accounts"]
        listed.append({"public_key": bytes(CONTROLLER.verify_key).hex(), "roles": ["controller"]})
        document["control"] = control or {}
        self.app = App(MemoryStore())
        self.app.init_chain(CHAIN_ID, self.epoch_s - 1, [(bytes(32), 1)], json.dumps(document).encode())
        self.executed: Callable[[Any, Outcome], None] = lambda *_: None
        self._nonces: dict[bytes, int] = {}

    async def submit(self, message: Any) -> Outcome:
        """See ControlChain."""
        return self.execute(message, DSO)

    def execute(self, message: Any, key: SigningKey, ahead_s: int = 0) -> Outcome:
        """A transaction of an account in a block of its own, whose time is now or some seconds later."""
        sender = address_of(bytes(key.verify_key))
        self._nonces[sender] = nonce = self._nonces.get(sender, 0) + 1
        now_s = int(time.time()) + ahead_s
        tx = assemble(TxBody(CHAIN_ID, sender, nonce, now_s + 60, message), lambda data: key.sign(data).signature)
        block = self.app.finalize_block(self.app.last_block.height + 1, now_s * 10**9, [tx]).block
        self.app.commit()
        (result,) = block.results
        outcome = Outcome(Code(result.code), result.message)
        self.executed(message, outcome)
        return outcome

    async def grid_control(self) -> GridControl:
        """See ControlChain."""
        return self._query("/control/GetGridControl", GetGridControlRequest(VDG), GetGridControlResponse).control or (
            GridControl(VDG)
        )

    async def session(self, slot: int, number: int) -> ControlSession | None:
        """See ControlChain."""
        return self._query("/control/GetSession", GetSessionRequest(VDG, slot, number), GetSessionResponse).session

    def signals(self, slot: int, number: int) -> ListSignalsResponse:
        """A session's signals."""
        request = ListSignalsRequest(VDG, slot, number, limit=500)
        return self._query("/control/ListSignals", request, ListSignalsResponse)

    async def assets(self, account: bytes) -> list[Asset]:
        """See ControlChain."""
        return []

    async def switches(self) -> list[Switch]:
        """See ControlChain."""
        request = ListSwitchesRequest(VDG, limit=500)
        return list(self._query("/control/ListSwitches", request, ListSwitchesResponse).switches)

    async def phase_orders(self, slot: int) -> list[PhaseOrder]:
        """See ControlChain."""
        request = ListPhaseOrdersRequest(VDG, slot, limit=500)
        return list(self._query("/control/ListPhaseOrders", request, ListPhaseOrdersResponse).orders)

    def _query(self, path: str, request: object, response: type[T]) -> T:
        result = self.app.query(path, encode(request))
        assert result.code == 0, result.message
        return decode(response, result.value)


__all__ = ["CONTROLLER", "VDG", "AppControlChain", "account"]
