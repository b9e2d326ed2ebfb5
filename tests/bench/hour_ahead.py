"""An hour-ahead round of many homes: ``python -m tests.bench.hour_ahead [10000]``. The bar is 3 minutes on two cores.

In a round every home solves (4.4) over the 144 slots ahead and signs an order for each of the coming hour's six slots
that its plan trades in; the state machine executes all orders in blocks and clears the six books; then every home
solves (4.6) around what it contracted and signs its declared flow of the hour, which is executed too. Two processes
plan and sign; the state machine runs in this one, beside them. Accounts, members and availability are there before.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from nacl.signing import SigningKey

from abci_app.app import App
from abci_app.state.store import MemoryStore
from clients.household.planner.planner import Planner
from clients.household.planner.problem import Problem
from clients.household.planner.stages import flows, offers_wh, supplier_flow_wh
from clients.household.planner.vector import vector
from emulator.dataset import builtin
from tests.bench.planning import BATTERY, BUY, PER_HOUR, SELL, SLOTS
from tests.bench.workloads import FIRST_SLOT, GRID, SLOT_SECONDS, Orders
from wire.address import address_of
from wire.asset import DeclareAvailability
from wire.codec import decode
from wire.events import event_class
from wire.market import ContractMade, PlaceOrder, Side
from wire.results import Code
from wire.settlement import DeclareFlow
from wire.tx import TxBody, assemble

CHAIN_ID = "bench-round"
HOMES, PROCESSES, SHARE, A_BLOCK = 10_000, 2, 100, 2_000
HOUR = range(6)
MORNING = 60
# All homes' together has to fit 64 bits.
BALANCE_NEUR = 10**13
BACKED_WH = 1_000
# Orders close six slots before their slot; the round is in the hour before the first of these gates.
NOW_SLOT = FIRST_SLOT - 7


class Share(NamedTuple):
    """Some homes' part of the round: numbers of homes, and what each has contracted by slot of the hour (Wh)."""

    homes: range
    contracted_wh: dict[int, dict[int, int]] | None
    now_s: int


def plan_share(share: Share) -> list[bytes]:
    """Signed orders before the clearing, signed declarations after it."""
    planner, signed = Planner(), []
    margins = np.random.default_rng(share.homes.start).uniform(0.0, 0.3, len(share.homes))
    for home, margin in zip(share.homes, margins, strict=True):
        problem = problem_of(home)
        messages: list[Any] = []
        if share.contracted_wh is None:
            bid, ask = problem.buy_price_neur_per_wh * (1 - margin), problem.sell_price_neur_per_wh * (1 + margin)
            offers = offers_wh(planner, problem, bid, ask, HOUR)
            for place, offer in zip(HOUR, offers, strict=True):
                side, price = (Side.SIDE_BID, bid[place]) if offer > 0 else (Side.SIDE_ASK, ask[place])
                if offer:
                    messages.append(PlaceOrder(GRID, "intraday", FIRST_SLOT + place, side, abs(offer), int(price)))
        else:
            traded = np.zeros(SLOTS)
            for place, energy_wh in share.contracted_wh.get(home, {}).items():
                traded[place] = energy_wh
            left = supplier_flow_wh(flows(planner, problem, vector(traded)))
            messages = [DeclareFlow(GRID, FIRST_SLOT + place, left[place]) for place in HOUR]
        # The first nonce declared availability.
        first = 2 if share.contracted_wh is None else 2 + len(HOUR)
        signed += [sign(home, first + number, share.now_s, message) for number, message in enumerate(messages)]
    return signed


def problem_of(home: int) -> Problem:
    """A day from ten in the morning on, when some have sun over and others lack energy."""
    data = builtin()
    row, day = data.homes[home % len(data.homes)], home * 37 % (len(data.days) - 1)
    slots = slice(day * SLOTS + MORNING, (day + 1) * SLOTS + MORNING)
    pv = np.zeros(SLOTS)
    if row.pv_wp:
        pv = vector(data.pv_w_per_kwp[row.pv_curve][slots]) * row.pv_wp / 1000 / PER_HOUR
    batteries = (BATTERY,) if row.battery_wh else ()
    load = vector(data.load_w[row.id][slots]) / PER_HOUR
    return Problem(load, pv, np.roll(BUY, -MORNING), SELL, SLOT_SECONDS, 9000, batteries=batteries)


def sign(home: int, nonce: int, now_s: int, message: Any) -> bytes:
    """As a home's wallet does."""
    key = SigningKey((home + 1).to_bytes(32, "big"))
    body = TxBody(CHAIN_ID, address_of(bytes(key.verify_key)), nonce, now_s + 600, message)
    return assemble(body, lambda data: key.sign(data).signature)


class Chain:
    """The state machine, a block at a time."""

    def __init__(self, state: dict[str, Any], time_s: int) -> None:
        self.app = App(MemoryStore())
        self.app.init_chain(CHAIN_ID, time_s - 1, [(bytes(32), 1)], json.dumps(state).encode())
        self.codes: Counter[str] = Counter()

    def block(self, time_s: int, txs: list[bytes]) -> list[Any]:
        """Execute a block; the contracts that it made."""
        done = self.app.finalize_block(self.app.last_block.height + 1, time_s * 10**9, txs).block
        self.app.commit()
        self.codes.update(result.code.name for result in done.results)
        told = [decode(event_class(event.name), event.data) for event in done.events]
        return [one.contract for one in told if isinstance(one, ContractMade)]


def shares(homes: int, contracted_wh: dict[int, dict[int, int]] | None, now_s: int) -> Iterator[Share]:
    """The homes in equal parts, so that the state machine has something to do while others are planned."""
    for first in range(0, homes, SHARE):
        some = range(first, min(first + SHARE, homes))
        own = None if contracted_wh is None else {home: contracted_wh.get(home, {}) for home in some}
        yield Share(some, own, now_s)


def execute(chain: Chain, time_s: int, parts: Iterator[list[bytes]]) -> int:
    """Blocks of what comes in; returns how many transactions."""
    waiting: list[bytes] = []
    count = 0
    for part in parts:
        waiting += part
        count += len(part)
        while len(waiting) >= A_BLOCK:
            chain.block(time_s, waiting[:A_BLOCK])
            del waiting[:A_BLOCK]
    chain.block(time_s, waiting)
    return count


def main() -> None:
    """Print how long it took."""
    homes = int(sys.argv[1]) if len(sys.argv) > 1 else HOMES
    orders = Orders(CHAIN_ID, homes)
    state = orders.app_state()
    for balance in state["ledger"]["balances"]:
        balance["amount_neur"] = BALANCE_NEUR
    epoch_s = state["grid"]["grids"][0]["epoch_s"]
    now_s = epoch_s + NOW_SLOT * SLOT_SECONDS
    chain = Chain(state, epoch_s)
    # For the round's slots alone: an availability is an item of the state, and a day's of so many homes would fill it.
    backing = DeclareAvailability(GRID, FIRST_SLOT, (BACKED_WH,) * len(HOUR))
    prepared = [sign(home, 1, epoch_s, backing) for home in range(homes)]
    for first in range(0, homes, A_BLOCK):
        chain.block(epoch_s + 1, prepared[first : first + A_BLOCK])
    if set(chain.codes) != {Code.OK.name}:
        raise SystemExit(f"the homes could not be prepared: {dict(chain.codes)}")
    number_of = {address: home for home, address in enumerate(orders.addresses)}
    chain.codes.clear()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        # Interpreters and libraries are loaded before, as an agent's are.
        pool.map(plan_share, [Share(range(1), None, now_s)] * (2 * PROCESSES))
        started = time.perf_counter()
        placed = execute(chain, now_s, pool.imap(plan_share, shares(homes, None, now_s)))
        ordered_s = time.perf_counter() - started
        contracted: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        later_s = now_s + len(HOUR) * SLOT_SECONDS
        contracts = chain.block(later_s, [])
        for one in contracts:
            contracted[number_of[one.buyer]][one.slot - FIRST_SLOT] += one.energy_wh
            contracted[number_of[one.seller]][one.slot - FIRST_SLOT] -= one.energy_wh
        cleared_s = time.perf_counter() - started
        known = {home: dict(by_slot) for home, by_slot in contracted.items()}
        declared = execute(chain, later_s, pool.imap(plan_share, shares(homes, known, later_s)))
        whole_s = time.perf_counter() - started
    print(
        f"{homes} homes: {placed} orders planned, signed and executed in {ordered_s:.1f} s; {len(HOUR)} books with "
        f"{len(contracts)} contracts cleared by {cleared_s:.1f} s; {declared} flows declared by {whole_s:.1f} s; "
        f"results {dict(chain.codes)}"
    )


if __name__ == "__main__":
    main()
