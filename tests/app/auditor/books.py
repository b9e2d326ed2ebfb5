"""The auditor's state: money, energy, promises, in plain dictionaries, one VDG."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from tests.app import world
from tests.app.keyring import address
from wire.results import Code

DSO, SUPPLIER = address("dso"), address("supplier")
# Places for money that are no accounts.
ISSUED, REWARDS, VALIDATORS = b"issued", b"rewards", b"validators"


class Denied(Exception):
    """A transaction must be refused with this code."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


class Rules(NamedTuple):
    """What the genesis says."""

    reward_rate: int
    deviation: int
    deadline_slots: int
    buy_price: int
    sell_price: int


class Product(NamedTuple):
    """A product whose gate is ``gate`` slots before its first slot."""

    name: str
    block: int
    gate: int
    horizon: int


class Placed(NamedTuple):
    """An order; of 0 Wh when it was cancelled."""

    bid: bool
    energy_wh: int
    price: int
    nonce: int


class Deal(NamedTuple):
    """A contract."""

    slot: int
    product: str
    number: int
    buyer: bytes
    seller: bytes
    energy_wh: int
    pays: int
    gets: int

    @property
    def name(self) -> str:
        """Its id."""
        return f"{world.VDG}/{self.slot}/{self.product}/{self.number}"

    @property
    def rank(self) -> tuple[bytes, int]:
        """Contracts of a slot settle in this order."""
        return self.product.encode() + b"/", self.number


@dataclass
class State:
    """Everything that the chain must agree with."""

    rules: Rules
    products: dict[str, Product]
    free: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    escrow: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    debts: dict[tuple[bytes, bytes, str], int] = field(default_factory=lambda: defaultdict(int))
    declared: dict[tuple[int, bytes], tuple[int, int]] = field(default_factory=dict)
    held: dict[tuple[int, bytes], int] = field(default_factory=lambda: defaultdict(int))
    orders: dict[tuple[str, int], dict[bytes, Placed]] = field(default_factory=lambda: defaultdict(dict))
    open_books: set[tuple[str, int]] = field(default_factory=set)
    deals: list[Deal] = field(default_factory=list)
    flows: dict[int, dict[bytes, int]] = field(default_factory=lambda: defaultdict(dict))
    planned: dict[tuple[int, bytes], tuple[int, int]] = field(default_factory=dict)
    rebates: dict[int, int] = field(default_factory=dict)
    caps: dict[int, tuple[int, int]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    proved_at: dict[int, int] = field(default_factory=dict)
    members: dict[bytes, int] = field(default_factory=dict)
    capacity: dict[bytes, int] = field(default_factory=dict)
    certificates: dict[str, int] = field(default_factory=dict)
    retired: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    holdings: dict[tuple[str, bytes], int] = field(default_factory=lambda: defaultdict(int))
    made = 0
    ended = 0

    def pay(self, source: bytes, target: bytes, neur: int) -> None:
        """Move free money. Raises: Denied."""
        if source != ISSUED and self.free[source] < neur:
            raise Denied(Code.INSUFFICIENT_FUNDS)
        self.free[source] -= neur
        self.free[target] += neur

    def pay_or_owe(self, source: bytes, target: bytes, neur: int, reason: str) -> int:
        """Pay what is there, owe the rest, which is returned."""
        if source == target:
            return 0
        paid = min(neur, self.free[source])
        self.pay(source, target, paid)
        if paid < neur:
            self.debts[source, target, reason] += neur - paid
        return neur - paid

    def owes(self, account: bytes) -> bool:
        """Whether an account owes anybody anything."""
        return any(neur for (debtor, _, _), neur in self.debts.items() if debtor == account)

    def position(self, slot: int, account: bytes, bought: bool) -> int:
        """What an account has bought or sold in a slot (Wh)."""
        return sum(d.energy_wh for d in self.deals if d.slot == slot and account == (d.buyer if bought else d.seller))


def by_largest_remainder(total: int, weights: list[int], ranks: list[bytes]) -> list[int]:
    """Whole shares of a total: exact fractions, rounded down, the rest one each to the largest remainders."""
    whole = sum(weights)
    if not whole:
        return [0 for _ in weights]
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [int(value) for value in exact]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], ranks[i]))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def one_by_one(total: int, places: int) -> list[int]:
    """Wh dealt out to a block's slots like cards."""
    parts = [0] * places
    for number in range(total):
        parts[number % places] += 1
    return parts
