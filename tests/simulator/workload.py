"""What the actors do in one block: every kind of transaction, good and bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.simulator import controlling, deciding, office, paying, switching, trading
from tests.simulator.damage import change_a_field, spoil_the_envelope
from tests.simulator.letter import Letter
from tests.simulator.view import View

Act = Callable[[Random, View], list[Letter]]

ACTS: tuple[tuple[Act, int], ...] = (
    (trading.trade_a_book, 24),
    (trading.prove, 20),
    (trading.order, 5),
    (trading.cancel, 3),
    (trading.offer, 3),
    (trading.plan, 4),
    (trading.prove_badly, 3),
    (paying.pay, 6),
    (paying.pay_debts, 5),
    (paying.pass_certificates, 4),
    (office.admit, 2),
    (office.change_roles, 1),
    (office.restore_roles, 2),
    (office.freeze, 1),
    (office.thaw, 1),
    (office.rotate, 2),
    (office.open_a_vdg, 1),
    (office.run_a_vdg, 9),
    (office.equip, 3),
    (switching.fit_switches, 3),
    (switching.order_phases, 5),
    (switching.confirm_phases, 4),
    (controlling.control_flows, 9),
    (deciding.propose, 6),
    (deciding.approve, 2),
)
_KINDS, _WEIGHTS = [act for act, _ in ACTS], [weight for _, weight in ACTS]
# One letter in so many is spoilt.
_SPOILT = 9


def act(random: Random, view: View, sent: Sequence[bytes]) -> list[Letter]:
    """The letters of one action; some of them spoilt."""
    (kind,) = random.choices(_KINDS, _WEIGHTS)
    letters = []
    for letter in kind(random, view):
        if random.randrange(_SPOILT):
            letters.append(letter)
        elif random.random() < 0.5:
            letters.append(change_a_field(random, letter))
        else:
            letters.append(spoil_the_envelope(random, view, letter, sent))
    return letters
