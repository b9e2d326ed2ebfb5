"""A chain and its auditor, side by side; rules put transactions into the next block."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from abci_app.app import App
from abci_app.pipeline import TxResult
from tests.app import world
from tests.app.auditor.auditor import Auditor
from tests.app.auditor.books import ISSUED, REWARDS, Product, Rules, State
from tests.app.auditor.comparison import compare
from tests.app.chain import Chain
from tests.app.keyring import address
from tests.app.world import VDG
from wire.asset import DeclareAvailability
from wire.grid import SetCaps, SetRebates
from wire.ledger import Mint, PayDebt, Transfer, account_holder, reward_pool
from wire.market import CancelOrder, PlaceOrder, Side
from wire.results import Code
from wire.settlement import DeclareFlow, FundRewards, RetireCertificate, TransferCertificate

PRODUCTS = [Product("early", 3, 2, 18), Product("late", 1, 1, 12)]
HOMES = st.sampled_from(world.HOMES)
AHEAD = st.integers(-1, 9)
ENERGY = st.one_of(st.integers(1, 40), st.integers(1, 1_100))
SENT = [Code.EXPIRED, Code.UNKNOWN_SENDER, Code.BAD_SIGNATURE, Code.NONCE_USED, Code.TX_MALFORMED]


def simulated_genesis(rules: Rules, poor: bool) -> dict[str, Any]:
    """The world with two small products; with ``poor`` homes, supplier, DSO and pool soon run out of money."""
    document = world.genesis()
    for entry in document["ledger"]["balances"]:
        entry["amount_neur"] = 60_000_000 if poor else 10 * world.EUR
    document["grid"] = {
        "grids": [
            world.grid(
                reward_rate_neur_per_wh=rules.reward_rate,
                deviation_neur_per_wh2=rules.deviation,
                proof_deadline_slots=rules.deadline_slots,
                buy_price_neur_per_wh=[rules.buy_price],
                sell_price_neur_per_wh=[rules.sell_price],
            )
        ]
    }
    document["market"] = {
        "products": [
            {
                "name": p.name,
                "block_slots": p.block,
                "gate": "before_start",
                "gate_slots": p.gate,
                "horizon_slots": p.horizon,
            }
            for p in PRODUCTS
        ]
    }
    return document


class Simulation(RuleBasedStateMachine):
    """Rules put transactions into the next block; ``end_block`` executes it."""

    @initialize(
        poor=st.booleans(),
        reward=st.sampled_from([0, 1_000, 50_000]),
        deviation=st.sampled_from([0, 10, 5_000]),
        deadline=st.integers(1, 3),
    )
    def begin(self, poor: bool, reward: int, deviation: int, deadline: int) -> None:
        rules = Rules(reward, deviation, deadline, world.BUY_PRICE, world.SELL_PRICE)
        document = simulated_genesis(rules, poor)
        self.chain = Chain(document)
        state = State(rules, {product.name: product for product in PRODUCTS})
        for entry in document["ledger"]["balances"]:
            place = bytes.fromhex(entry["account"]) if "account" in entry else REWARDS
            state.free[place] += entry["amount_neur"]
            state.free[ISSUED] -= entry["amount_neur"]
        state.members = dict.fromkeys(map(address, world.HOMES), 0)
        state.capacity = dict.fromkeys(map(address, world.HOMES), world.PV_POWER_W // 6)
        self.auditor = Auditor(state)
        self.auditor.time_s = self.chain.time_s
        self.waiting: list[tuple[bytes, str, Any, int, Code | None]] = []

    def put(self, sender: str, message: Any) -> None:
        nonce = self.chain.nonces[sender] = self.chain.nonces.get(sender, 0) + 1
        tx = self.chain.tx(sender, message, nonce=nonce, expires_s=self.chain.time_s + 3000)
        self.waiting.append((tx, sender, message, nonce, None))

    def at(self, ahead: int) -> int:
        return max(self.auditor.slot() + ahead, 0)

    @rule(
        home=HOMES,
        product=st.sampled_from(PRODUCTS),
        ahead=AHEAD,
        energy=ENERGY,
        bid=st.booleans(),
        price=st.integers(60_000, 180_000),
        aligned=st.integers(0, 9),
    )
    def order(self, home: str, product: Product, ahead: int, energy: int, bid: bool, price: int, aligned: int) -> None:
        slot = self.at(ahead)
        if aligned:
            slot -= slot % product.block
        side = Side.SIDE_BID if bid else Side.SIDE_ASK
        self.put(home, PlaceOrder(VDG, product.name, slot, side, energy, price))

    @rule(
        ahead=st.integers(2, 6),
        product=st.sampled_from(PRODUCTS),
        sizes=st.lists(st.integers(1, 200), min_size=4, max_size=4),
        prices=st.lists(st.integers(60_000, 180_000), min_size=4, max_size=4, unique=True),
    )
    def whole_book(self, ahead: int, product: Product, sizes: list[int], prices: list[int]) -> None:
        """Offers that are sure to trade, as random ones seldom do."""
        slot = self.at(ahead + product.gate)
        slot += -slot % product.block
        low, high = sorted(prices)[:2], sorted(prices)[2:]
        for home, energy, price in zip(world.HOMES[:2], sizes[:2], high, strict=True):
            self.put(home, PlaceOrder(VDG, product.name, slot, Side.SIDE_BID, energy, price))
        for home, energy, price in zip(world.HOMES[2:], sizes[2:], low, strict=True):
            self.put(home, DeclareAvailability(VDG, slot, (energy,) * product.block))
            self.put(home, PlaceOrder(VDG, product.name, slot, Side.SIDE_ASK, energy, price))

    @rule(home=HOMES, product=st.sampled_from(PRODUCTS), ahead=AHEAD)
    def cancel(self, home: str, product: Product, ahead: int) -> None:
        slot = self.at(ahead)
        self.put(home, CancelOrder(VDG, product.name, slot - slot % product.block))

    @rule(home=HOMES, ahead=AHEAD, energy=st.lists(ENERGY, min_size=1, max_size=6))
    def offer(self, home: str, ahead: int, energy: list[int]) -> None:
        self.put(home, DeclareAvailability(VDG, self.at(ahead), tuple(energy)))

    @rule(home=HOMES, ahead=AHEAD, flow=st.integers(-300, 300))
    def plan(self, home: str, ahead: int, flow: int) -> None:
        self.put(home, DeclareFlow(VDG, self.at(ahead), flow))

    @rule(sender=HOMES, back=st.integers(-1, 5), flows=st.dictionaries(HOMES, st.integers(-300, 300), min_size=1))
    def prove(self, sender: str, back: int, flows: dict[str, int]) -> None:
        self.put(sender, self.chain.proofs(self.at(-back), flows))

    @rule(back=st.integers(1, 3), seed=st.integers(-200, 200))
    def prove_all(self, back: int, seed: int) -> None:
        flows = {home: seed if n < 2 else -seed for n, home in enumerate(world.HOMES)}
        self.put("dso", self.chain.proofs(self.at(-back), flows))

    @rule(home=HOMES, to=HOMES, neur=st.integers(1, 40_000_000))
    def transfer(self, home: str, to: str, neur: int) -> None:
        self.put(home, Transfer(address(to), neur))

    @rule(home=HOMES, neur=st.integers(1, 40_000_000), pool=st.booleans())
    def pay_debt(self, home: str, neur: int, pool: bool) -> None:
        owed = [n for (debtor, _, _), n in self.auditor.state.debts.items() if debtor == address(home) and n]
        creditor = reward_pool(VDG) if pool else account_holder(address("supplier"))
        reason = "reward charge" if pool else "consumption"
        self.put("issuer", Mint(address(home), neur))
        self.put(home, PayDebt(creditor, reason, min([neur, *owed])))

    @rule(home=HOMES, to=HOMES, energy=st.integers(1, 60), which=st.integers(0, 3), retire=st.booleans())
    def certificate(self, home: str, to: str, energy: int, which: int, retire: bool) -> None:
        held = [name for (name, holder), wh in self.auditor.state.holdings.items() if wh and holder == address(home)]
        name = held[which % len(held)] if held else f"{VDG}/1/late/{which}"
        message = RetireCertificate(name, energy) if retire else TransferCertificate(name, address(to), energy)
        self.put(home, message)

    @rule(sender=st.sampled_from(["dso", "ann"]), ahead=AHEAD, cap=st.integers(0, 100), rebate=st.integers(0, 9_000))
    def terms(self, sender: str, ahead: int, cap: int, rebate: int) -> None:
        if sender == "dso":
            self.put(sender, SetCaps(VDG, self.at(ahead), (cap,) * 2, (cap,) * 2))
            self.put(sender, SetRebates(VDG, self.at(ahead), (rebate,)))
        else:
            self.put(sender, FundRewards(VDG, rebate + 1))

    @rule(home=HOMES, how=st.sampled_from(SENT))
    def bad(self, home: str, how: Code) -> None:
        """A transaction that must not get into a block; if a proposer puts it there, it is refused."""
        chain, message = self.chain, Transfer(address("bob"), 1)
        tx = {
            Code.EXPIRED: lambda: chain.tx(home, message, expires_s=world.GENESIS_S),
            Code.UNKNOWN_SENDER: lambda: chain.tx("zoe", message, expires_s=chain.time_s + 3000),
            Code.BAD_SIGNATURE: lambda: chain.tx(home, message, key="zoe", expires_s=chain.time_s + 3000),
            Code.TX_MALFORMED: lambda: chain.tx(home, message)[:-2],
            Code.NONCE_USED: lambda: self.waiting[0][0] if self.waiting and self.waiting[0][4] is None else b"",
        }[how]()
        self.waiting.append((tx, home, message, 0, how if tx else Code.TX_MALFORMED))

    @rule(seconds=st.sampled_from([1, 1, 60, 599, 600, 600, 1300, 2500]), proposed=st.booleans(), crash=st.booleans())
    def end_block(self, seconds: int, proposed: bool, crash: bool) -> None:
        time_s = min(self.chain.time_s + seconds, self._next_edge(seconds))
        app = self.chain.app
        good = [entry for entry in self.waiting if entry[4] is None]
        # A proposal leaves the bad ones out; then it is accepted by everybody.
        chosen = app.prepare_proposal([entry[0] for entry in self.waiting], 1 << 20, time_s)
        assert chosen == [entry[0] for entry in good]
        assert app.process_proposal(chosen, time_s)
        assert app.process_proposal([entry[0] for entry in self.waiting], time_s) == (good == self.waiting)
        entries = good if proposed else self.waiting
        seed = sha256(app.last_block.app_hash + (time_s * 10**9).to_bytes(8, "big")).digest()
        if crash:
            self._crash([entry[0] for entry in entries], time_s)
        results = self.chain.block(*[entry[0] for entry in entries], time_s=time_s)
        self.waiting = []
        self.auditor.begin_block(time_s, seed)
        for (_, sender, message, nonce, bad), result in zip(entries, results, strict=True):
            self._expect(sender, message, nonce, bad, result)
        compare(self.chain, self.auditor.state)
        made, ended = self.auditor.state.made, self.auditor.state.ended
        assert made - ended == len(self.auditor.state.deals)

    def _next_edge(self, seconds: int) -> int:
        """Slots' edges to the second, now and then."""
        edge = world.EPOCH_S + (self.auditor.slot() + 1) * world.SLOT_SECONDS
        return edge if seconds == 599 else edge + 10**6

    def _expect(self, sender: str, message: Any, nonce: int, bad: Code | None, result: TxResult) -> None:
        expected = bad or self.auditor.execute(address(sender), message, nonce)
        assert (result.code, message) == (expected, message), result

    def _crash(self, txs: list[bytes], time_s: int) -> None:
        """The node dies after FinalizeBlock, before Commit; started anew it comes to the same hash."""
        height = self.chain.app.last_block.height + 1
        before = self.chain.app.finalize_block(height, time_s * 10**9, txs)
        self.chain.app = App(self.chain.store)
        again = self.chain.app.finalize_block(height, time_s * 10**9, txs)
        assert again == before
        self.chain.app = App(self.chain.store)

    def teardown(self) -> None:
        """Whatever is open ends: all contracts are settled or unwound, and nothing stays in escrow."""
        if not hasattr(self, "auditor"):
            return
        self.waiting = []
        for slots in (10, 10, 10):
            self.end_block(slots * world.SLOT_SECONDS, True, False)
        assert not self.auditor.state.deals
        assert not any(self.auditor.state.escrow.values())
        assert self.auditor.state.made == self.auditor.state.ended
