"""The real state machine in this process in place of gateway and validators: a block for each transaction.

It stands for `clients.common.chain.Chain` as far as sender and trader use it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from abci_app.app import App
from abci_app.state.store import MemoryStore
from clients.common.errors import Refused
from clients.common.submit import Receipt
from clients.common.wallet import Wallet
from tests.household.made import CHEAP, FEED_IN, VDG
from wire.codec import decode, encode
from wire.events import event_class, event_name
from wire.flowproof import FlowProof, FlowStatement, SubmitProofs, flow_sign_bytes
from wire.results import Code
from wire.tx import TxBody, assemble, tx_hash

CHAIN_ID = "household-app"
SLOT_SECONDS = 600
HOUSE, DSO, SUPPLIER, REGISTRAR, ISSUER, PROOF_KEY = (Wallet.from_seed(bytes([n]) * 32) for n in range(1, 7))
METER = "meter-1"


class AppChain:
    """One household with PV of 6 kW, member of a grid; ``time_s`` is the next block's."""

    def __init__(self, time_s: int, epoch_s: int, balance_neur: int) -> None:
        roles = {HOUSE: "household", DSO: "dso", SUPPLIER: "supplier", REGISTRAR: "registrar", ISSUER: "issuer"}
        grid = {
            "vdg": VDG,
            "epoch_s": epoch_s,
            "slot_seconds": SLOT_SECONDS,
            "dso": DSO.address.hex(),
            "supplier": SUPPLIER.address.hex(),
            "proof_key": PROOF_KEY.public_key.hex(),
            "buy_price_neur_per_wh": [CHEAP],
            "sell_price_neur_per_wh": [FEED_IN],
            "members": [{"account": HOUSE.address.hex(), "meter": METER}],
        }
        pv = {"asset_id": "pv", "vdg": VDG, "owner": HOUSE.address.hex(), "kind": "pv", "power_w": 6_000}
        state: dict[str, Any] = {
            "accounts": {
                "accounts": [{"public_key": one.public_key.hex(), "roles": [role]} for one, role in roles.items()]
            },
            "grid": {"grids": [grid]},
            "asset": {"assets": [pv]},
        }
        if balance_neur:
            state["ledger"] = {"balances": [{"account": HOUSE.address.hex(), "amount_neur": balance_neur}]}
        self.app = App(MemoryStore())
        self.app.init_chain(CHAIN_ID, time_s - 1, [(bytes(32), 1)], json.dumps(state).encode())
        self.time_s = time_s
        self.executed: list[Any] = []
        self.by_key: dict[str, Receipt | Refused] = {}
        self._nonce = 0

    async def submit(self, wallet: Wallet, message: Any, *, key: str | None = None, expires_in_s: int = 60) -> Receipt:
        """As Chain.submit. Raises: Refused."""
        if key is None or key not in self.by_key:
            outcome = self._execute(wallet, message, expires_in_s)
            self.by_key[key or f"{self._nonce}"] = outcome
            key = key or f"{self._nonce}"
        outcome = self.by_key[key]
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    async def query(self, request: Any, *, patience_seconds: float = 30.0) -> Any:
        """As Chain.query."""
        _, module, _, name = event_name(type(request)).split(".")
        path = f"/{module}/{name.removesuffix('Request')}"
        answer = self.app.query(path, encode(request))
        if answer.code:
            raise RuntimeError(answer.message)
        return decode(event_class(event_name(type(request)).removesuffix("Request") + "Response"), answer.value)

    async def told(self, request: Any) -> Any:
        """As Chain.told."""
        return await self.query(request)

    async def pages(self, request: Any) -> AsyncGenerator[Any, None]:
        """As Chain.pages, for answers of one page."""
        yield await self.query(request)

    def block(self) -> None:
        """An empty block, for work that is due."""
        self.app.finalize_block(self.app.last_block.height + 1, self.time_s * 10**9, [])
        self.app.commit()

    async def prove(self, slot: int, flow_wh: int) -> None:
        """The DSO proves the household's flow of a slot."""
        statement = FlowStatement(CHAIN_ID, VDG, slot, HOUSE.address, flow_wh, METER)
        proof = FlowProof(HOUSE.address, flow_wh, METER, PROOF_KEY.sign(flow_sign_bytes(statement)))
        await self.submit(DSO, SubmitProofs(VDG, slot, (proof,)))
        self.block()

    def _execute(self, wallet: Wallet, message: Any, expires_in_s: int) -> Receipt | Refused:
        self._nonce += 1
        body = TxBody(CHAIN_ID, wallet.address, self._nonce, self.time_s + expires_in_s, message)
        tx = assemble(body, wallet.sign)
        height = self.app.last_block.height + 1
        (result,) = self.app.finalize_block(height, self.time_s * 10**9, [tx]).block.results
        self.app.commit()
        if result.code is not Code.OK:
            return Refused(result.code, result.message, tx_hash=tx_hash(tx), height=height)
        self.executed.append(message)
        return Receipt(tx_hash(tx), height, 0)
