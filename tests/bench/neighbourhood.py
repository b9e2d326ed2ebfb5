"""A chain of many homes for measurements: genesis, signed transactions, proofs."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from typing import Any

from nacl.signing import SigningKey

from abci_app.app import App
from abci_app.state.store import Store
from wire.address import address_of
from wire.flowproof import FlowProof, FlowStatement, SubmitProofs, flow_sign_bytes
from wire.market import PlaceOrder, Side
from wire.results import Code
from wire.tx import TxBody, assemble

CHAIN_ID, VDG = "vdg-bench", "lilas"
EPOCH_S, SLOT_SECONDS = 1_700_006_400, 600
EUR = 10**9


@cache
def key_of(name: str) -> SigningKey:
    """A key by name."""
    return SigningKey(sha256(name.encode()).digest())


@cache
def address(name: str) -> bytes:
    """The account of the name's key."""
    return address_of(bytes(key_of(name).verify_key))


class Neighbourhood:
    """``homes`` members with PV and money, over a store."""

    def __init__(self, homes: int, store: Store) -> None:
        self.homes = [f"home-{number}" for number in range(homes)]
        self.app = App(store)
        self.time_s = EPOCH_S - SLOT_SECONDS
        self.height = 0
        self._nonces: dict[str, int] = {}
        document = json.dumps(self._genesis()).encode()
        self.app.init_chain(CHAIN_ID, self.time_s, [(bytes(32), 1)], document)
        self.block([])

    def _genesis(self) -> dict[str, Any]:
        roles = {"dso": "dso", "supplier": "supplier", **dict.fromkeys(self.homes, "household")}
        addresses = {name: address(name).hex() for name in roles}
        pv = {"vdg": VDG, "kind": "pv", "power_w": 60_000}
        return {
            "accounts": {
                "accounts": [
                    {"public_key": bytes(key_of(name).verify_key).hex(), "roles": [role]}
                    for name, role in roles.items()
                ]
            },
            "ledger": {"balances": [{"account": a, "amount_neur": 1_000 * EUR} for a in addresses.values()]},
            "grid": {
                "grids": [
                    {
                        "vdg": VDG,
                        "epoch_s": EPOCH_S,
                        "slot_seconds": SLOT_SECONDS,
                        "dso": addresses["dso"],
                        "supplier": addresses["supplier"],
                        "proof_key": bytes(key_of("prover").verify_key).hex(),
                        "reward_rate_neur_per_wh": 1_000,
                        "deviation_neur_per_wh2": 10,
                        "buy_price_neur_per_wh": [180_000],
                        "sell_price_neur_per_wh": [60_000],
                        "members": [{"account": addresses[home], "meter": f"m-{home}"} for home in self.homes],
                    }
                ]
            },
            "asset": {
                "assets": [pv | {"asset_id": f"pv-{home}", "owner": addresses[home]} for home in self.homes],
            },
        }

    def tx(self, sender: str, message: Any) -> bytes:
        """A signed transaction with the sender's next nonce."""
        nonce = self._nonces[sender] = self._nonces.get(sender, 0) + 1
        body = TxBody(CHAIN_ID, address(sender), nonce, self.time_s + 3000, message)
        return assemble(body, lambda data: key_of(sender).sign(data).signature)

    def order(self, home: str, side: Side, energy_wh: int, price: int, slot: int) -> bytes:
        """A signed order in a slot's intraday book."""
        return self.tx(home, PlaceOrder(VDG, "intraday", slot, side, energy_wh, price))

    def proofs(self, slot: int, flows: dict[str, int]) -> list[bytes]:
        """Signed batches of proofs, 250 in each."""
        proofs = []
        for home, flow in flows.items():
            statement = FlowStatement(CHAIN_ID, VDG, slot, address(home), flow, f"m-{home}")
            signature = key_of("prover").sign(flow_sign_bytes(statement)).signature
            proofs.append(FlowProof(statement.account, flow, statement.meter, signature))
        batches = [tuple(proofs[start : start + 250]) for start in range(0, len(proofs), 250)]
        return [self.tx("dso", SubmitProofs(VDG, slot, batch)) for batch in batches]

    def block(self, txs: list[bytes], time_s: int = 0) -> None:
        """Finalize and commit a block in which every transaction is accepted."""
        self.finalize(txs, time_s)
        self.app.commit()

    def finalize(self, txs: list[bytes], time_s: int = 0) -> None:
        """Finalize a block, a second later if no time is given."""
        self.time_s = time_s or self.time_s + 1
        self.height += 1
        done = self.app.finalize_block(self.height, self.time_s * 10**9, txs)
        refused = [result for result in done.block.results if result.code is not Code.OK]
        if refused:
            raise RuntimeError(f"{len(refused)} of {len(txs)} transactions were refused, the first: {refused[0]}")
