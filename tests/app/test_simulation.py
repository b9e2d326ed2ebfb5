"""Random blocks of good and bad transactions; the auditor predicts every result and every balance."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import settings

from abci_app.pipeline import TxResult
from tests.app import world
from tests.app.keyring import address
from tests.app.simulation import PRODUCTS, SENT, Simulation
from wire.asset import DeclareAvailability
from wire.ledger import Burn, Mint, PayDebt, Transfer, account_holder, reward_pool
from wire.market import PlaceOrder, Side
from wire.results import Code

TestSimulation = Simulation.TestCase
TestSimulation.settings = settings(max_examples=25, stateful_step_count=40, deadline=None, derandomize=True)


class BusyDay(Simulation):
    """The same machine, driven by a seed, so that most slots trade, are proved, and leave debts and certificates."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = Random(seed)
        self.seen: Counter[str] = Counter()

    def run(self, slots: int) -> None:
        random = self.random
        self.begin(
            poor=random.random() < 0.25,
            reward=random.choice([0, 1_000, 50_000]),
            deviation=random.choice([0, 10, 5_000]),
            deadline=random.randint(1, 3),
        )
        for _ in range(slots):
            self._trade()
            self._live()
            for _ in range(random.randint(1, 3)):
                self._act()
                self.end_block(random.choice([1, 599, 600, 600]), random.random() < 0.7, random.random() < 0.1)
        self.teardown()

    def _trade(self) -> None:
        random = self.random
        for product in PRODUCTS:
            if random.random() < 0.8:
                prices = random.sample(range(60_000, 180_000), 4)
                self.whole_book(random.randint(1, 3), product, [random.randint(1, 60) for _ in prices], prices)
                continue
            slot = self.at(random.randint(1, 4) + product.gate)
            slot += -slot % product.block
            for home in world.HOMES:
                energy, ask = random.randint(1, 60), random.random() < 0.5
                if ask:
                    self.put(home, DeclareAvailability(world.VDG, slot, (2 * energy,) * product.block))
                side = Side.SIDE_ASK if ask else Side.SIDE_BID
                price = random.randint(60_000, 180_000)
                self.put(home, PlaceOrder(world.VDG, product.name, slot, side, energy, price))

    def _live(self) -> None:
        """Homes consume and produce what they traded, more or less."""
        random, state = self.random, self.auditor.state
        for back in (1, 2, 3):
            slot = self.auditor.slot() - back
            if slot < 0 or slot in state.closed or random.random() < 0.1:
                continue
            flows = {}
            for home in world.HOMES:
                market = state.position(slot, address(home), True) - state.position(slot, address(home), False)
                known = state.flows[slot].get(address(home))
                flows[home] = market + random.choice([0, 0, 0, 0, -20, 30, 200]) if known is None else known
            homes = random.sample(world.HOMES, random.choice([2, 4, 4, 4, 4, 4]))
            self.put("dso", self.chain.proofs(slot, {home: flows[home] for home in homes}))
        for home in world.HOMES:
            if random.random() < 0.5:
                self.plan(home, random.randint(0, 4), random.choice([0, -20, 30]))

    def _act(self) -> None:
        random = self.random
        home, other = random.sample(world.HOMES, 2)
        match random.randrange(9):
            case 0:
                self.cancel(home, random.choice(PRODUCTS), random.randint(0, 8))
            case 1:
                self.transfer(home, other, random.randint(1, 40_000_000))
            case 2 | 3:
                self._pay_debts(home)
            case 4 | 5:
                holding = {holder for (_, holder), wh in self.auditor.state.holdings.items() if wh}
                owner = next((name for name in world.HOMES if address(name) in holding), home)
                self.certificate(owner, other, random.randint(1, 30), random.randrange(4), random.random() < 0.4)
            case 6:
                self.terms(random.choice(["dso", "ann"]), random.randint(-1, 8), 50, random.randint(0, 9_000))
            case 7:
                self.bad(home, random.choice(SENT))
            case _:
                self.put("issuer", Mint(address("issuer"), 5))
                self.put("issuer", Burn(5))

    def _pay_debts(self, home: str) -> None:
        for (debtor, creditor, reason), neur in sorted(self.auditor.state.debts.items()):
            if debtor == address(home) and neur:
                holder = account_holder(creditor) if len(creditor) == 20 else reward_pool(world.VDG)
                self.put("issuer", Mint(address(home), neur))
                self.put(home, PayDebt(holder, reason, neur))

    def _expect(self, sender: str, message: object, nonce: int, bad: Code | None, result: TxResult) -> None:
        super()._expect(sender, message, nonce, bad, result)
        self.seen[f"{type(message).__name__}: {result.code.name}"] += 1


@pytest.mark.parametrize("part", range(4))
def test_busy_days_are_predicted_to_the_nano_euro(part: int) -> None:
    made = certificates = debts = 0
    seen: Counter[str] = Counter()
    for seed in range(part * 6, part * 6 + 6):
        day = BusyDay(seed)
        day.run(24)
        state = day.auditor.state
        made += state.made
        certificates += len(state.certificates)
        debts += len(state.debts)
        seen += day.seen
    # A simulation in which nothing happens proves nothing.
    assert made > 50
    assert certificates > 3
    assert debts > 0
    for wanted in ("PayDebt: OK", "CancelOrder: OK", "SubmitProofs: OK", "RetireCertificate: OK", "Burn: OK"):
        assert seen[wanted] > 0, wanted
    assert Transfer.__name__ + ": OK" in seen
