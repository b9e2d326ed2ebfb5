"""One fixed day of the DSO's orders that touches every message and every collection of the module.

``python -m tests.ordering.day --write`` makes what came of it the golden files: that is consensus-breaking.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.app import scenario
from tests.app.chain import Chain
from tests.app.keyring import address
from tests.app.world import VDG
from tests.ordering.orders import DEVICE, A, B, C, closing, confirmation, genesis, opening, order, signal
from wire.control import RegisterSwitch, RemoveSwitch, SetSwitchingLimits

GOLDEN = Path(__file__).with_name("golden")
HASHES, STORED = GOLDEN / "app_hashes.json", GOLDEN / "stored.json"


class OrderedDay(Chain):
    """The tests' chain with control; ``blocks`` lists app hash and result codes of every block."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []
        self.recorded = scenario.RecordingStore()
        super().__init__(genesis(settlement={"keep_slots": 8}), store=self.recorded)

    def finalize(self, *txs: bytes, time_s: int | None = None) -> Any:
        """As a chain does; writes down what came of it."""
        done = super().finalize(*txs, time_s=time_s)
        results = [result.code.name for result in done.block.results]
        self.blocks.append({"height": self.app.last_block.height, "app_hash": done.app_hash.hex(), "results": results})
        return done


def run() -> OrderedDay:
    """Play the day."""
    day = OrderedDay()
    day.do("registrar", SetSwitchingLimits(VDG, 3, 4))
    day.do("dso", RegisterSwitch(VDG, address("dee"), "sw-dee", address(DEVICE), "feeder-2", C))
    for home, phase in (("ann", C), ("bob", A), ("ann", B)):
        day.do("dso", order(home, 2, phase))
    day.do("dso", order("dee", 2, A))
    day.send("dso", order("cid", 2, A))
    day.go_to_slot(2)
    day.do(DEVICE, confirmation("ann", 2, B))
    day.do("bob", confirmation("bob", 2, C))
    day.go_to_slot(3)
    day.do("dee", confirmation("dee", 2, A))
    day.do("dso", order("ann", 4, A))
    day.do("dso", RemoveSwitch(VDG, address("ann")))
    day.go_to_slot(5)
    day.go_to_slot(12)
    day.go_to_slot(23)
    day.do("dso", order("bob", 24, A))
    day.do("dso", order("dee", 24, B))
    day.go_to_slot(25)
    day.do("bob", confirmation("bob", 24, A))
    day.do("dso", opening(25))
    for iteration in (1, 2):
        day.do("dso", signal(iteration, 25))
    day.send("dso", signal(4, 25))
    day.do("dso", closing(2, 25))
    day.do("dso", opening(25))
    day.do("dso", signal(1, 25, 2))
    day.finalize(time_s=day.time_s + 30)
    day.do("dso", opening(26, iteration_seconds=3_600))
    day.go_to_slot(27)
    day.do("dso", opening(27))
    return day


def main() -> None:
    """Print, or write the golden files."""
    day = run()
    if "--write" in sys.argv:
        GOLDEN.mkdir(exist_ok=True)
        HASHES.write_text(json.dumps(day.blocks, indent=0) + "\n")
        STORED.write_text(json.dumps(examples(day), indent=1) + "\n")
    else:
        print(json.dumps(day.blocks))


def examples(day: OrderedDay) -> dict[str, list[str]]:
    """The first key and value of each of the module's collections, in hex."""
    return {name: found for name, found in scenario.examples(day.recorded).items() if name.startswith("control/")}


if __name__ == "__main__":
    main()
