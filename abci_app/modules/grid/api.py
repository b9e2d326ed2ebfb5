"""What other modules may ask of VDGs."""

from __future__ import annotations

from collections.abc import Iterator

from abci_app.core import check
from abci_app.core.context import Context, State
from abci_app.core.refusal import Refusal
from abci_app.modules.grid.keys import GRIDS, MEMBERS, PROOF_KEYS, TARIFFS, TERMS
from abci_app.modules.grid.slots import deadline_s, energy_wh, slot_at, slot_start_s
from abci_app.modules.names import grid_prefix, slot_key
from abci_app.state.due import schedule
from wire.chain import Moment
from wire.grid import Grid, GridChanged, Member, SlotTerms, Tariff
from wire.results import Code

__all__ = [
    "MAX_PRICE_NEUR_PER_WH",
    "MAX_PRIORITY",
    "deadline_s",
    "energy_wh",
    "find_grid",
    "find_member",
    "forget_slot",
    "members_of",
    "prices_at",
    "proof_keys_since",
    "require_future_slots",
    "require_grid",
    "require_member",
    "require_reward_terms",
    "set_reward_terms",
    "slot_at",
    "slot_start_s",
    "tariff_at",
    "terms_of",
    "watch_slot",
]

_NO_TERMS = SlotTerms()
# Nothing is announced or traded further ahead than a week; it bounds the state.
MAX_AHEAD_SLOTS = 7 * 144
MAX_PRICE_NEUR_PER_WH = 10**9
MAX_PRIORITY = 1000


def find_grid(state: State, vdg: str) -> Grid | None:
    """The VDG, or None."""
    return GRIDS.get(state, grid_prefix(vdg))


def require_grid(state: State, vdg: str) -> Grid:
    """The VDG. Raises: Refusal UNKNOWN_VDG."""
    grid = GRIDS.get(state, grid_prefix(vdg))
    if grid is None:
        raise Refusal(Code.UNKNOWN_VDG, f"vdg = {vdg!r}: no such VDG; list the VDGs for their names")
    return grid


def proof_keys_since(state: State, grid: Grid, time_s: int) -> Iterator[bytes]:
    """The VDG's proof key, then those that it had at some time from ``time_s`` (Unix seconds) on, in order of key."""
    yield grid.proof_key
    for known in PROOF_KEYS.values(state, grid_prefix(grid.vdg)):
        if known.until_s >= time_s and known.proof_key != grid.proof_key:
            yield known.proof_key


def require_reward_terms(reward_rate_neur_per_wh: int, deviation_neur_per_wh2: int, priority: int) -> None:
    """A VDG's terms of (6.6) and its rank are inside their bounds. Raises: Refusal OUT_OF_BOUNDS."""
    check.within("reward_rate_neur_per_wh", reward_rate_neur_per_wh, 0, MAX_PRICE_NEUR_PER_WH)
    check.within("deviation_neur_per_wh2", deviation_neur_per_wh2, 0, MAX_PRICE_NEUR_PER_WH)
    check.within("priority", priority, 0, MAX_PRIORITY)


def set_reward_terms(
    context: Context, vdg: str, reward_rate_neur_per_wh: int, deviation_neur_per_wh2: int, priority: int
) -> None:
    """Settle by these terms from now on. Raises: Refusal UNKNOWN_VDG."""
    grid = require_grid(context.state, vdg)._replace(
        reward_rate_neur_per_wh=reward_rate_neur_per_wh,
        deviation_neur_per_wh2=deviation_neur_per_wh2,
        priority=priority,
    )
    GRIDS.put(context.state, grid_prefix(vdg), grid)
    context.emit(GridChanged(grid))


def find_member(state: State, vdg: str, account: bytes) -> Member | None:
    """The member, or None."""
    return MEMBERS.get(state, grid_prefix(vdg) + account)


def members_of(state: State, vdg: str) -> Iterator[Member]:
    """All members, in order of address."""
    return (member for _, member in MEMBERS.items(state, grid_prefix(vdg)))


def require_member(state: State, vdg: str, account: bytes) -> Member:
    """The member. Raises: Refusal NOT_A_MEMBER."""
    member = MEMBERS.get(state, grid_prefix(vdg) + account)
    if member is None:
        raise Refusal(
            Code.NOT_A_MEMBER,
            f"account = {account.hex()} is no member of {vdg!r}: have its DSO add it with its meter",
        )
    return member


def require_future_slots(grid: Grid, time_s: int, first_slot: int, count: int) -> None:
    """All slots start after ``time_s`` and within the horizon. Raises: Refusal SLOT_OUT_OF_RANGE."""
    now = slot_at(grid, time_s)
    if first_slot <= now or first_slot + count - 1 > now + MAX_AHEAD_SLOTS:
        raise Refusal(
            Code.SLOT_OUT_OF_RANGE,
            f"slots {first_slot} to {first_slot + count - 1}: it is slot {now}; give slots from {now + 1} to "
            f"{now + MAX_AHEAD_SLOTS}",
        )


def terms_of(state: State, vdg: str, slot: int) -> SlotTerms:
    """Rebate and caps of a slot; defaults where nothing was posted."""
    return TERMS.get(state, slot_key(vdg, slot)) or _NO_TERMS


def tariff_at(state: State, vdg: str, slot: int) -> Tariff:
    """The tariff in force in a slot: the newest that started by then. Raises: Refusal SLOT_INVALID."""
    found = [tariff for tariff in TARIFFS.values(state, grid_prefix(vdg)) if tariff.from_slot <= slot]
    if not found:
        raise Refusal(Code.SLOT_INVALID, f"slot = {slot}: {vdg!r} has no tariff yet; have its supplier post one")
    return found[-1]


def prices_at(state: State, vdg: str, slot: int) -> tuple[int, int]:
    """P_u and P_f in a slot (neur per Wh). Raises: Refusal SLOT_INVALID."""
    tariff = tariff_at(state, vdg, slot)
    buy, sell = tariff.buy_price_neur_per_wh, tariff.sell_price_neur_per_wh
    return buy[slot % len(buy)], sell[slot % len(sell)]


def watch_slot(context: Context, grid: Grid, slot: int) -> None:
    """Make sure that the slot's deadline is kept; asking again is fine."""
    schedule(context.state, Moment.MOMENT_SLOT_DEADLINE, deadline_s(grid, slot), slot_key(grid.vdg, slot))


def forget_slot(state: State, vdg: str, slot: int) -> None:
    """Drop what was posted for a slot that is long over."""
    TERMS.delete(state, slot_key(vdg, slot))
