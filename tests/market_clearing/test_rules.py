"""MODEL section 5, rule by rule, on books worked out by hand."""

from __future__ import annotations

from hashlib import sha256

import pytest

from abci_app.modules.market.clearing import Clearing, Fill, Order, Pair, clear

SEED = b"seed"


def bids(*orders: tuple[int, int]) -> list[Order]:
    """Buyers b1, b2, … from (energy in Wh, price)."""
    return [Order(b"b%d" % number, *order) for number, order in enumerate(orders, start=1)]


def asks(*orders: tuple[int, int]) -> list[Order]:
    """Sellers a1, a2, … from (energy in Wh, price)."""
    return [Order(b"a%d" % number, *order) for number, order in enumerate(orders, start=1)]


def in_tie_order(*accounts: bytes) -> list[bytes]:
    return sorted(accounts, key=lambda account: sha256(SEED + account).digest())


def test_the_last_pair_that_meets_sets_the_prices_and_does_not_trade() -> None:
    clearing = clear(bids((3, 9), (2, 8), (2, 6)), asks((2, 1), (2, 3), (4, 5)), SEED)
    assert (clearing.critical_buyer, clearing.critical_seller) == (b"b3", b"a3")
    assert (clearing.buy_price_neur_per_wh, clearing.sell_price_neur_per_wh) == (6, 5)
    assert {fill.account for fill in clearing.bought + clearing.sold} == {b"b1", b"b2", b"a1", b"a2"}


@pytest.mark.parametrize(
    ("buying", "selling", "critical", "volume_wh"),
    [
        pytest.param([], [], (b"", b""), 0, id="an empty book"),
        pytest.param([(1, 9)], [], (b"", b""), 0, id="no asks"),
        pytest.param([], [(1, 1)], (b"", b""), 0, id="no bids"),
        pytest.param([(1, 4), (1, 3)], [(1, 5), (1, 6)], (b"", b""), 0, id="no bid reaches an ask"),
        pytest.param([(1, 5)], [(1, 5)], (b"b1", b"a1"), 0, id="one of each"),
        pytest.param([(9, 9)], [(1, 1), (1, 2)], (b"b1", b"a2"), 0, id="the critical bid is the first"),
        pytest.param([(1, 9), (1, 8)], [(9, 1)], (b"b2", b"a1"), 0, id="the critical ask is the first"),
        pytest.param([(1, 9), (1, 5)], [(1, 1), (1, 5)], (b"b2", b"a2"), 1, id="equal prices meet"),
        pytest.param([(1, 9), (1, 4)], [(1, 1), (1, 5)], (b"b1", b"a1"), 0, id="equal volumes step together"),
        pytest.param([(2, 9), (1, 4)], [(1, 1), (1, 5), (1, 7)], (b"b1", b"a2"), 0, id="the smaller side steps"),
        pytest.param([(3, 9), (3, 8), (3, 7)], [(2, 1), (2, 2)], (b"b2", b"a2"), 2, id="supply runs out"),
        pytest.param([(2, 9), (2, 8)], [(3, 1), (3, 2), (3, 3)], (b"b2", b"a2"), 2, id="demand runs out"),
    ],
)
def test_the_walk_ends_at_the_critical_pair(
    buying: list[tuple[int, int]], selling: list[tuple[int, int]], critical: tuple[bytes, bytes], volume_wh: int
) -> None:
    clearing = clear(bids(*buying), asks(*selling), SEED)
    assert (clearing.critical_buyer, clearing.critical_seller) == critical
    assert clearing.volume_wh == volume_wh


def test_where_nothing_trades_everything_but_the_critical_pair_is_empty() -> None:
    clearing = clear(bids((9, 9)), asks((1, 1), (1, 2)), SEED)
    assert clearing == Clearing(critical_buyer=b"b1", critical_seller=b"a2")


def test_equal_prices_are_ranked_by_the_hash_of_seed_and_account() -> None:
    first, _, last = in_tie_order(b"b1", b"b2", b"b3")
    clearing = clear(bids((1, 5), (1, 5), (1, 5)), asks((1, 1), (1, 1), (1, 1)), SEED)
    assert clearing.critical_buyer == last
    assert clearing.bought[0].account == first
    assert clearing.critical_seller == in_tie_order(b"a1", b"a2", b"a3")[-1]


def test_the_short_side_trades_in_full_and_the_long_side_in_proportion() -> None:
    clearing = clear(bids((30, 9), (20, 8), (20, 6)), asks((20, 1), (20, 3), (40, 5)), SEED)
    assert (clearing.bid_volume_wh, clearing.ask_volume_wh, clearing.volume_wh) == (50, 40, 40)
    assert dict(clearing.bought) == {b"b1": 24, b"b2": 16}
    assert dict(clearing.sold) == {b"a1": 20, b"a2": 20}


def test_what_does_not_divide_goes_to_the_largest_remainder() -> None:
    # 5 Wh for orders of 6, 2 and 1: shares of 3 1/3, 1 1/9 and 5/9.
    clearing = clear(bids((6, 9), (2, 9), (1, 9), (9, 5)), asks((5, 1), (9, 4)), SEED)
    assert dict(clearing.bought) == {b"b1": 3, b"b2": 1, b"b3": 1}


def test_equal_remainders_are_served_in_tie_order_and_a_share_of_nothing_is_no_fill() -> None:
    clearing = clear(bids((1, 9), (1, 9), (1, 9), (9, 5)), asks((2, 1), (9, 4)), SEED)
    assert clearing.bought == tuple(Fill(account, 1) for account in in_tie_order(b"b1", b"b2", b"b3")[:2])


def test_pairs_walk_both_sides_in_tie_order() -> None:
    clearing = clear(bids((3, 9), (2, 8), (2, 6)), asks((4, 1), (1, 3), (4, 5)), SEED)
    buyers, sellers = in_tie_order(b"b1", b"b2"), in_tie_order(b"a1", b"a2")
    bought, sold = dict(clearing.bought), dict(clearing.sold)
    assert [fill.account for fill in clearing.bought] == buyers
    assert [fill.account for fill in clearing.sold] == sellers
    first_wh = min(bought[buyers[0]], sold[sellers[0]])
    assert clearing.pairs[0] == Pair(buyers[0], sellers[0], first_wh)
    assert clearing.pairs[-1].buyer == buyers[1]
    assert clearing.pairs[-1].seller == sellers[1]


def test_amounts_near_the_limit_of_64_bits_stay_exact() -> None:
    huge = (1 << 62) - 1
    clearing = clear(bids((huge, 9), (huge, 8), (1, 7)), asks((huge, 1), (2, 1), (huge, 2)), SEED)
    assert clearing.volume_wh == sum(fill.energy_wh for fill in clearing.bought)
    assert clearing.volume_wh == min(clearing.bid_volume_wh, clearing.ask_volume_wh)
