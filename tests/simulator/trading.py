"""What homes and the DSO do all day: offer, trade, plan, prove."""

from __future__ import annotations

from random import Random

from tests.simulator.letter import Letter
from tests.simulator.view import View, some
from wire.asset import DeclareAvailability
from wire.flowproof import SubmitProofs
from wire.market import CancelOrder, PlaceOrder, Side
from wire.settlement import DeclareFlow

_PRICES = range(60_000, 180_000)


def trade_a_book(random: Random, view: View) -> list[Letter]:
    """Offers of which most are likely to meet."""
    grid, product = random.choice(view.vdgs), random.choice(view.products)
    slot = view.upcoming(random, product, 4)
    homes = some(random, view.members(grid.vdg), 4)
    letters: list[Letter] = []
    usual_wh = random.randint(1, 90)
    for number, home in enumerate(homes):
        energy, price = max(usual_wh + random.randint(-3, 3), 1), random.choice(_PRICES)
        side = Side.SIDE_ASK if number % 2 else Side.SIDE_BID
        if random.random() < 0.85:
            # The half of the prices where this side is sure to find the other.
            price = random.choice(_PRICES[:60_000] if side is Side.SIDE_ASK else _PRICES[60_000:])
        if side is Side.SIDE_ASK and random.random() < 0.95:
            each = (energy + random.randint(0, 60),) * product.block_slots
            letters.insert(0, Letter(home, DeclareAvailability(grid.vdg, slot, each)))
        letters.append(Letter(home, PlaceOrder(grid.vdg, product.name, slot, side, energy, price)))
    return letters


def order(random: Random, view: View) -> list[Letter]:
    """Any order, for good and for bad slots."""
    grid, product = random.choice(view.vdgs), random.choice(view.products)
    slot = max(view.slot() + random.randint(-2, product.horizon_slots + 1), 0)
    if random.random() < 0.8:
        slot -= slot % product.block_slots
    energy, price = random.choice([1, 40, 1_100, 10**9, 10**9 + 1]), random.choice([1, 150_000, 10**7, 10**7 + 1])
    message = PlaceOrder(grid.vdg, product.name, slot, random.choice(list(Side)), energy, price)
    return [Letter(random.choice(view.people()), message)]


def cancel(random: Random, view: View) -> list[Letter]:
    """Mostly an order that is there."""
    orders = [(at, live) for at, live in view.books.orders.all() if live.energy_wh]
    if orders and random.random() < 0.8:
        at, _ = random.choice(orders)
        return [Letter(view.name_of(at.account), CancelOrder(*at[:3]))]
    grid, product = random.choice(view.vdgs), random.choice(view.products)
    slot = view.upcoming(random, product, 6)
    return [Letter(random.choice(view.members(grid.vdg) or ["ann"]), CancelOrder(grid.vdg, product.name, slot))]


def offer(random: Random, view: View) -> list[Letter]:
    """Availability, also less than is held and more than devices deliver."""
    grid = random.choice(view.vdgs)
    energies = tuple(random.choice([0, 30, 500, 1_000, 1_001]) for _ in range(random.randint(1, 8)))
    first = max(view.slot() + random.randint(-1, 6), 0)
    return [Letter(random.choice(view.people()), DeclareAvailability(grid.vdg, first, energies))]


def plan(random: Random, view: View) -> list[Letter]:
    """What a home leaves to its supplier."""
    grid = random.choice(view.vdgs)
    slot = max(view.slot() + random.randint(0, 4), 0)
    flow = random.choice([0, -20, 30, 500])
    return [Letter(home, DeclareFlow(grid.vdg, slot, flow)) for home in some(random, view.people())[:4]]


def prove(random: Random, view: View) -> list[Letter]:
    """The flows of slots that are over, near what was traded; everybody's, or not everybody's."""
    letters = []
    for grid in view.vdgs:
        for slot in range(max(view.slot() - grid.proof_deadline_slots, 0), view.slot()):
            if view.is_closed(grid.vdg, slot) or random.random() < 0.2:
                continue
            homes = view.members(grid.vdg)
            homes = homes if random.random() < 0.7 else some(random, homes)
            proofs = []
            for home in homes:
                known = view.known_flow(grid.vdg, slot, home)
                off = random.choice([0, 0, 0, 0, -20, 30, 200])
                flow = known.flow_wh if known else view.market_wh(grid.vdg, slot, home) + off
                proofs.append(known or view.proof(grid, slot, home, flow))
            if proofs:
                letters.append(Letter(random.choice(["dso", *homes]), SubmitProofs(grid.vdg, slot, tuple(proofs))))
    return letters


def prove_badly(random: Random, view: View) -> list[Letter]:
    """Another value than before, another key, another meter, a slot that runs, one that is long over."""
    grid = random.choice(view.vdgs)
    slot = max(view.slot() - random.choice([-1, 0, 1, 1, 2, 3, 9]), 0)
    home = random.choice([*view.members(grid.vdg), "fay"])
    known = view.known_flow(grid.vdg, slot, home)
    flow = known.flow_wh + 1 if known else random.randint(-300, 300)
    how = random.randrange(4)
    proof = view.proof(grid, slot, home, flow, "zoe" if how == 0 else "", "meter-x" if how == 1 else "")
    return [Letter(random.choice(view.people()), SubmitProofs(grid.vdg, slot, (proof,)))]
