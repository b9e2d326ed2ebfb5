"""One fixed day in the life of a small VDG that touches every module and every collection.

``python -m tests.app.scenario`` prints what came of it; ``--write`` makes that the golden files. Whoever changes them
changes consensus: say ``consensus-breaking`` in the commit and in the changelog.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from abci_app.state.store import MemoryStore
from tests.app import world
from tests.app.chain import Chain
from tests.app.keyring import address, public_key_of, sign_with
from tests.app.world import EUR, VDG
from wire.accounts import AdmitAccount, Role, RotateKey, SetFrozen, SetRoles, rotation_bytes
from wire.asset import Asset, AssetKind, RegisterAsset, RemoveAsset
from wire.grid import AddMember, CreateGrid, Grid, SetCaps, SetProofKey, SetRebates, SetSupplier, SetTariff
from wire.ledger import Burn, Mint, PayDebt, Transfer, account_holder
from wire.settlement import DeclareFlow, FundRewards, RetireCertificate, TransferCertificate

GOLDEN = Path(__file__).with_name("golden")
HASHES, STORED = GOLDEN / "app_hashes.json", GOLDEN / "stored.json"


class RecordingStore(MemoryStore):
    """Remembers the first value that every key ever had."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[bytes, bytes] = {}

    def write(self, changes: Any) -> None:
        """Put the changes, and remember."""
        for key, value in changes:
            if value is not None:
                self.first.setdefault(key, value)
        super().write(changes)


class Day(Chain):
    """The chain of the scenario; ``blocks`` lists app hash and result codes of every block, ``inputs`` what it was."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []
        self.inputs: list[tuple[int, tuple[bytes, ...]]] = []
        self.recorded = RecordingStore()
        super().__init__(genesis(), store=self.recorded)

    def finalize(self, *txs: bytes, time_s: int | None = None) -> Any:
        """As a chain does; writes down what came of it."""
        done = super().finalize(*txs, time_s=time_s)
        height = self.app.last_block.height
        results = [result.code.name for result in done.block.results]
        self.blocks.append({"height": height, "app_hash": done.app_hash.hex(), "results": results})
        self.inputs.append((self.time_s, txs))
        return done


def genesis() -> dict[str, Any]:
    """What the day begins with."""
    return world.genesis(settlement={"keep_slots": 8, "payout_s": 6_000})


def run() -> Day:
    """Play the day."""
    day = Day()
    _set_up(day)
    day.trade(10)
    bids = [("ann", "bid", 90, 150_000), ("bob", "bid", 60, 140_000)]
    asks = [("cid", "ask", 80, 70_000), ("dee", "ask", 50, 80_000)]
    for home, side, energy, price in bids + asks:
        if side == "ask":
            day.offer(home, 144, *[100] * 6)
        day.do(home, day.order(home, side, energy, price, 144, "day_ahead"))
    day.do("ann", day.order("ann", "bid", 5, 100_000, 12))
    day.do("ann", day.cancel(12))
    day.send("bob", day.cancel(12))
    day.do("ann", DeclareFlow(VDG, 10, 25))
    day.go_to_slot(4)
    day.go_to_slot(11)
    day.do("bob", Transfer(address("ann"), 7))
    day.do("dso", day.proofs(10, {"ann": 420, "bob": 33, "cid": -390}))
    day.send("zoe", day.proofs(10, {"ann": 1}))
    day.send("bob", day.proofs(10, {"ann": 421}))
    day.do("dso", day.proofs(10, {"dee": -7}))
    day.block()
    certificate = f"{VDG}/10/intraday/0"
    day.do("ann", TransferCertificate(certificate, address("bob"), 40))
    day.do("bob", RetireCertificate(certificate, 15))
    _fall_into_debt(day)
    day.go_to_slot(72)
    day.go_to_slot(152)
    day.go_to_slot(170)
    return day


def _set_up(day: Day) -> None:
    """Every administrative message once."""
    household = (Role.ROLE_HOUSEHOLD,)
    day.do("registrar", AdmitAccount(public_key_of("eve"), household, "eve"))
    day.do("registrar", SetRoles(address("eve"), (Role.ROLE_HOUSEHOLD, Role.ROLE_SUPPLIER)))
    day.do("registrar", SetFrozen(address("eve"), True))
    day.send("eve", Transfer(address("ann"), 1))
    day.do("registrar", SetFrozen(address("eve"), False))
    proof = sign_with("eve-2", rotation_bytes(world.CHAIN_ID, address("eve"), public_key_of("eve-2")))
    day.do("eve", RotateKey(public_key_of("eve-2"), proof))
    day.do("issuer", Mint(address("issuer"), 3 * EUR))
    day.do("issuer", Burn(EUR))
    tulip = Grid("tulip", world.EPOCH_S, 600, address("dso"), address("supplier"), public_key_of("prover"), 5, 6, 7, 8)
    day.do("registrar", CreateGrid(tulip))
    day.do("registrar", SetSupplier("tulip", address("eve")))
    day.do("dso", AddMember("tulip", address("eve"), "meter-eve"))
    day.do("dso", SetProofKey("tulip", public_key_of("prover-2")))
    day.do("eve", SetTariff("tulip", 3, (9,), (8,)), key="eve-2")
    day.do("supplier", SetTariff(VDG, 20, tuple(range(200_000, 200_144)), (50_000,)))
    day.do("dso", SetRebates(VDG, 10, (4_000, 5_000)))
    day.do("dso", SetCaps(VDG, 10, (5_000,), (4_000,)))
    day.do("dso", RegisterAsset(Asset("store-ann", VDG, address("ann"), AssetKind.ASSET_KIND_BATTERY, 3_000, 9_000)))
    day.do("dso", RegisterAsset(Asset("meter-bob", VDG, address("bob"), AssetKind.ASSET_KIND_METER)))
    day.do("dso", RemoveAsset("meter-bob"))
    day.do("dso", FundRewards(VDG, EUR))


def _fall_into_debt(day: Day) -> None:
    """Dee can't pay what it consumed, and pays a part of it later."""
    day.do("dee", Transfer(address("bob"), day.balance("dee").free_neur))
    day.go_to_slot(13)
    day.do("dso", day.proofs(12, {"ann": 1, "bob": 0, "cid": 0, "dee": 100}))
    day.block()
    day.do("bob", Transfer(address("dee"), 1_000))
    day.do("dee", PayDebt(account_holder(address("supplier")), "consumption", 600))


def examples(recorded: RecordingStore) -> dict[str, list[str]]:
    """The first key of every collection (store and prefix) with the first value that it had, in hex."""
    found: dict[str, list[str]] = {}
    for key, value in sorted(recorded.first.items()):
        if key[:1] != b"\x00":
            store, _, item = key.partition(b"/")
            found.setdefault(f"{store.decode()}/{item[:1].decode()}", [key.hex(), value.hex()])
    return found


def main() -> None:
    """Print, or write the golden files."""
    day = run()
    if "--write" in sys.argv:
        GOLDEN.mkdir(exist_ok=True)
        HASHES.write_text(json.dumps(day.blocks, indent=0) + "\n")
        STORED.write_text(json.dumps(examples(day.recorded), indent=1) + "\n")
    else:
        print(json.dumps(day.blocks))


if __name__ == "__main__":
    main()
