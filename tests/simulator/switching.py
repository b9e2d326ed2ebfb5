"""Phase switches: registered, ordered, confirmed; also by the wrong people, too often and too late."""

from __future__ import annotations

from random import Random

from node.audit.books import HomeSlot
from tests.app.keyring import address
from tests.simulator.letter import Letter
from tests.simulator.stage import DEVICES, HOMES
from tests.simulator.view import View, some
from wire.control import (
    ConfirmPhase,
    Phase,
    PostPhaseOrder,
    RegisterSwitch,
    RemoveSwitch,
    SetSwitchingLimits,
)

_PHASES = (Phase.PHASE_A, Phase.PHASE_B, Phase.PHASE_C)


def fit_switches(random: Random, view: View) -> list[Letter]:
    """Switches come and go, and how much they may be used changes."""
    grid = random.choice(view.vdgs)
    dso = view.name_of(grid.dso) if random.random() < 0.9 else random.choice(view.people())
    home = random.choice([*HOMES, "zoe"])
    match random.randrange(6):
        case 0:
            return [Letter(dso, RemoveSwitch(grid.vdg, address(home)))]
        case 1:
            most = random.choice([0, 1, 3, 1_000, 1_001]), random.choice([0, 1, 2, 144, 145])
            return [Letter(random.choice(["registrar", "registrar-2", dso]), SetSwitchingLimits(grid.vdg, *most))]
        case _:
            device = random.choice([b"", address(random.choice([*DEVICES, *DEVICES, "ann", "zoe"]))])
            phase = random.choice(_PHASES)
            return [Letter(dso, RegisterSwitch(grid.vdg, address(home), f"sw-{home}", device, "feeder-1", phase))]


def order_phases(random: Random, view: View) -> list[Letter]:
    """What the DSO orders for the next slots; sometimes twice, and sometimes somebody else does."""
    grid = random.choice(view.vdgs)
    dso = view.name_of(grid.dso) if random.random() < 0.95 else random.choice(view.people())
    slot = max(view.slot() + random.choice([0, 1, 1, 1, 2, 144]), 0)
    switched = [view.name_of(at.account) for at, _ in view.books.switches.of(grid.vdg)] or list(HOMES[:2])
    homes = some(random, switched) if random.random() < 0.95 else ["fay"]
    letters = [Letter(dso, PostPhaseOrder(grid.vdg, slot, address(home), random.choice(_PHASES))) for home in homes]
    return letters if random.random() < 0.8 else letters + letters[:1]


def confirm_phases(random: Random, view: View) -> list[Letter]:
    """What switches say about the orders that are there, and a little about those that are not."""
    letters = []
    for grid in view.vdgs:
        for slot in range(max(view.slot() - random.choice([0, 0, 1, 3]), 0), max(view.slot(), 0) + 1):
            for at, switch in view.books.switches.of(grid.vdg):
                order = view.books.phase_orders.get(HomeSlot(grid.vdg, slot, at.account))
                if order is None and random.random() < 0.9:
                    continue
                device = switch.controller if random.random() < 0.6 else at.account
                sender = view.name_of(device) if random.random() < 0.9 else random.choice(view.people())
                phase = order.phase if order and random.random() < 0.9 else random.choice(_PHASES)
                letters.append(Letter(sender, ConfirmPhase(grid.vdg, slot, at.account, phase)))
    return letters[:6]
