"""Where two reasons apply to an order of the DSO's or what answers it, the smaller code wins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.app.chain import Chain
from tests.ordering.orders import C, closing, confirmation, controlled, opening, order, signal
from wire.results import Code

THREE = (1, 2, 3)


def _closed(chain: Chain, tx: Callable[[], bytes]) -> bytes:
    chain.do("dso", signal(1))
    chain.do("dso", closing(1))
    return tx()


def _confirmed(chain: Chain) -> bytes:
    chain.do("dso", order("ann", 2))
    chain.go_to_slot(2)
    chain.do("ann", confirmation("ann", 2))
    return chain.tx("bob", confirmation("ann", 2, C))


def _ordered(chain: Chain, tx: Callable[[], bytes]) -> bytes:
    chain.do("dso", order("ann", 2))
    return tx()


PAIRS: list[tuple[Code, Code, Callable[[Chain], bytes]]] = [
    (Code.UNKNOWN_VDG, Code.UNKNOWN_ASSET, lambda c: c.tx("dso", order("dee", 2, vdg="none"))),
    (Code.UNKNOWN_ASSET, Code.SLOT_OUT_OF_RANGE, lambda c: c.tx("dso", order("dee", 0))),
    (Code.UNKNOWN_ASSET, Code.UNKNOWN_ORDER, lambda c: c.tx("bob", confirmation("dee", 2))),
    (Code.UNKNOWN_ORDER, Code.NOT_OWNER, lambda c: c.tx("bob", confirmation("ann", 2))),
    (Code.ALREADY_EXISTS, Code.NOT_OWNER, _confirmed),
    (
        Code.NOT_OWNER,
        Code.SLOT_OUT_OF_RANGE,
        lambda c: _ordered(c, lambda: c.tx("bob", confirmation("ann", 2))),
    ),
    (Code.ALREADY_EXISTS, Code.SLOT_OUT_OF_RANGE, lambda c: c.tx("dso", opening(9))),
    (Code.WRONG_ROLE, Code.UNKNOWN_SESSION, lambda c: c.tx("ann", signal(1, session=9))),
    (Code.UNKNOWN_SESSION, Code.WRONG_PCCS, lambda c: c.tx("dso", signal(1, session=9, neur_per_wh=THREE))),
    (Code.ALREADY_SIGNALLED, Code.WRONG_PCCS, lambda c: c.tx("dso", signal(0, neur_per_wh=THREE))),
    (Code.ALREADY_SIGNALLED, Code.SESSION_CLOSED, lambda c: _closed(c, lambda: c.tx("dso", signal(1)))),
    (
        Code.WRONG_PCCS,
        Code.SESSION_CLOSED,
        lambda c: _closed(c, lambda: c.tx("dso", signal(2, aggregate_wh=THREE))),
    ),
    (Code.SESSION_CLOSED, Code.OUT_OF_ORDER, lambda c: _closed(c, lambda: c.tx("dso", signal(3)))),
    (Code.SESSION_CLOSED, Code.OUT_OF_ORDER, lambda c: _closed(c, lambda: c.tx("dso", closing(7)))),
    (Code.OUT_OF_ORDER, Code.TOO_MANY_SIGNALS, lambda c: c.tx("dso", signal(9))),
    (Code.OUT_OF_ORDER, Code.LIMIT_NOT_KEPT, lambda c: c.tx("dso", closing(1, residual_wh=9))),
]


@pytest.mark.parametrize(("wins", "loses", "make"), PAIRS, ids=[f"{a.name}-{b.name}" for a, b, _ in PAIRS])
def test_the_smaller_code_wins(wins: Code, loses: Code, make: Callable[[Chain], bytes]) -> None:
    chain = controlled()
    assert wins < loses
    assert chain.block(make(chain))[0].code is wins
