"""Transactions for the throughput benchmark: signed orders of many homes, or entries for CometBFT's kvstore."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from nacl.signing import SigningKey

from node.localnet.plan import VDG, Application
from wire.address import address_of
from wire.asset import DeclareAvailability
from wire.market import PlaceOrder, Side
from wire.tx import TxBody, assemble

GRID = "bench"
SLOT_SECONDS = 600
FIRST_SLOT = 30
SLOTS = 100


class Orders:
    """Orders of ``homes`` households: bids and asks in turn, each in a book of its own for the home."""

    name = "vdg"
    application: Application = VDG

    def __init__(self, chain_id: str, homes: int) -> None:
        self._chain_id = chain_id
        self._keys = [SigningKey(index.to_bytes(32, "big")) for index in range(1, homes + 1)]
        self._addresses = [address_of(bytes(key.verify_key)) for key in self._keys]
        self._nonces = [0] * homes

    @property
    def addresses(self) -> tuple[bytes, ...]:
        """The homes' accounts."""
        return tuple(self._addresses)

    def app_state(self) -> dict[str, Any]:
        """Homes with money and PV on one grid, whose slots are long enough that no gate closes meanwhile."""
        authority = SigningKey(b"\xff" * 32)
        accounts = [{"public_key": bytes(key.verify_key).hex(), "roles": ["household"]} for key in self._keys]
        accounts.append({"public_key": bytes(authority.verify_key).hex(), "roles": ["dso", "supplier", "registrar"]})
        owner = address_of(bytes(authority.verify_key)).hex()
        homes = [address.hex() for address in self._addresses]
        return {
            "accounts": {"accounts": accounts},
            "ledger": {"balances": [{"account": home, "amount_neur": 10**15} for home in homes]},
            "grid": {
                "grids": [
                    {
                        "vdg": GRID,
                        "epoch_s": int(time.time()),
                        "slot_seconds": SLOT_SECONDS,
                        "dso": owner,
                        "supplier": owner,
                        "proof_key": bytes(authority.verify_key).hex(),
                        "buy_price_neur_per_wh": [200_000],
                        "sell_price_neur_per_wh": [100_000],
                        "members": [{"account": home, "meter": f"m{number}"} for number, home in enumerate(homes)],
                    }
                ]
            },
            "asset": {
                "assets": [
                    {"asset_id": f"pv{number}", "vdg": GRID, "owner": home, "kind": "pv", "power_w": 6000}
                    for number, home in enumerate(homes)
                ]
            },
        }

    def preparation(self) -> list[bytes]:
        """What must be in a block before the orders: every home declares availability for all slots."""
        return [
            self._sign(home, DeclareAvailability(GRID, FIRST_SLOT, (1000,) * SLOTS)) for home in range(len(self._keys))
        ]

    def transactions(self) -> Iterator[bytes]:
        """Orders without end, home after home, slot after slot."""
        round_ = 0
        while True:
            slot = FIRST_SLOT + round_ % SLOTS
            for home in range(len(self._keys)):
                side = Side.SIDE_BID if home % 2 else Side.SIDE_ASK
                price = (180_000 if home % 2 else 110_000) + home
                yield self._sign(home, PlaceOrder(GRID, "intraday", slot, side, 100 + round_ % 400, price))
            round_ += 1

    def _sign(self, home: int, message: Any) -> bytes:
        self._nonces[home] += 1
        body = TxBody(self._chain_id, self._addresses[home], self._nonces[home], int(time.time()) + 3000, message)
        return assemble(body, lambda data: self._keys[home].sign(data).signature)


class Entries:
    """Entries for the key-value store that is built into CometBFT, as long as our orders."""

    name = "kvstore"
    application = Application.of_cometbft("kvstore")

    def __init__(self, tx_bytes: int) -> None:
        self._padding = "x" * (tx_bytes - 21)

    def app_state(self) -> dict[str, Any]:
        """It wants none."""
        return {}

    def preparation(self) -> list[bytes]:
        """It needs none."""
        return []

    def transactions(self) -> Iterator[bytes]:
        """Different keys without end."""
        number = 0
        while True:
            yield f"{number:020d}={self._padding}".encode()
            number += 1
