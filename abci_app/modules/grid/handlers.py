"""Opening VDGs, connecting members, posting tariffs, rebates and caps."""

from __future__ import annotations

from collections.abc import Sequence

from abci_app.core import check
from abci_app.core.context import Context
from abci_app.core.refusal import Refusal
from abci_app.modules.accounts.api import require_role
from abci_app.modules.grid.api import (
    MAX_PRICE_NEUR_PER_WH,
    MAX_PRIORITY,
    require_future_slots,
    require_grid,
    slot_at,
    terms_of,
    watch_slot,
)
from abci_app.modules.grid.keys import GRIDS, MEMBERS, METERS, PROOF_KEYS, TARIFFS, TERMS
from abci_app.modules.grid.slots import SLOTS_PER_DAY
from abci_app.modules.module import Action
from abci_app.modules.names import grid_prefix, slot_key
from wire.accounts import Role
from wire.grid import (
    AddMember,
    CapsSet,
    CreateGrid,
    Grid,
    GridChanged,
    GridCreated,
    Member,
    MemberAdded,
    ProofKey,
    RebatesSet,
    SetCaps,
    SetProofKey,
    SetRebates,
    SetSupplier,
    SetTariff,
    Tariff,
    TariffSet,
)
from wire.results import Code

MAX_CAP_WH = 10**12
MAX_REASON_CHARACTERS = 200
MAX_SLOT_SECONDS = 86_400
MAX_DEADLINE_SLOTS = 7 * SLOTS_PER_DAY


def check_create(message: CreateGrid) -> None:
    """Fields of CreateGrid."""
    grid = message.grid
    if grid is None:
        raise check.invalid("grid", None, "give the VDG")
    check.name("grid.vdg", grid.vdg)
    check.address("grid.dso", grid.dso)
    check.address("grid.supplier", grid.supplier)
    check.public_key("grid.proof_key", grid.proof_key)
    check.positive("grid.slot_seconds", grid.slot_seconds)
    check.at_most("grid.slot_seconds", grid.slot_seconds, MAX_SLOT_SECONDS)
    check.at_most("grid.epoch_s", grid.epoch_s, 1 << 40)
    check.at_most("grid.reward_rate_neur_per_wh", grid.reward_rate_neur_per_wh, MAX_PRICE_NEUR_PER_WH)
    check.at_most("grid.deviation_neur_per_wh2", grid.deviation_neur_per_wh2, MAX_PRICE_NEUR_PER_WH)
    check.positive("grid.proof_deadline_slots", grid.proof_deadline_slots)
    check.at_most("grid.proof_deadline_slots", grid.proof_deadline_slots, MAX_DEADLINE_SLOTS)
    check.at_most("grid.priority", grid.priority, MAX_PRIORITY)
    if grid.members:
        raise check.invalid("grid.members", grid.members, "leave it out: members are added by the DSO")


def create(context: Context, message: CreateGrid) -> None:
    """Raises: Refusal WRONG_ROLE, UNKNOWN_ACCOUNT, ALREADY_EXISTS."""
    grid = message.grid or Grid()
    key = grid_prefix(grid.vdg)
    require_role(context.state, "grid.dso", grid.dso, Role.ROLE_DSO)
    require_role(context.state, "grid.supplier", grid.supplier, Role.ROLE_SUPPLIER)
    if GRIDS.get(context.state, key) is not None:
        raise Refusal(Code.ALREADY_EXISTS, f"grid.vdg = {grid.vdg!r} exists: give another name")
    # After this point the action must succeed.
    GRIDS.put(context.state, key, grid)
    _put_in_force(context, grid.vdg, grid.proof_key)
    context.emit(GridCreated(grid))


def _own_grid(context: Context, vdg: str, owner: str) -> Grid:
    """The VDG, whose DSO or supplier (``owner``) the sender is. Raises: Refusal UNKNOWN_VDG, WRONG_ROLE."""
    grid = require_grid(context.state, vdg)
    if getattr(grid, owner) != context.sender:
        raise Refusal(Code.WRONG_ROLE, f"vdg = {vdg!r}: the sender is not its {owner}; send it with that account")
    return grid


def check_add_member(message: AddMember) -> None:
    """Fields of AddMember."""
    check.name("vdg", message.vdg)
    check.address("account", message.account)
    check.serial("meter", message.meter)


def add_member(context: Context, message: AddMember) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, UNKNOWN_ACCOUNT, ALREADY_EXISTS."""
    grid = _own_grid(context, message.vdg, "dso")
    connect(context, grid, message)


def connect(context: Context, grid: Grid, message: AddMember) -> None:
    """Add a member. Raises: Refusal UNKNOWN_ACCOUNT, WRONG_ROLE, ALREADY_EXISTS."""
    state, key = context.state, grid_prefix(grid.vdg) + message.account
    meter_key = grid_prefix(grid.vdg) + message.meter.encode()
    require_role(state, "account", message.account, Role.ROLE_HOUSEHOLD)
    if MEMBERS.get(state, key) is not None:
        raise Refusal(Code.ALREADY_EXISTS, f"account = {message.account.hex()} is a member of {grid.vdg!r} already")
    if METERS.get(state, meter_key) is not None:
        raise Refusal(Code.ALREADY_EXISTS, f"meter = {message.meter!r} is connected already: give another meter")
    # After this point the action must succeed.
    since = max(slot_at(grid, context.time_s) + 1, 0)
    member = Member(grid.vdg, message.account, message.meter, since)
    MEMBERS.put(state, key, member)
    METERS.put(state, meter_key, member)
    GRIDS.put(state, grid_prefix(grid.vdg), grid._replace(members=grid.members + 1))
    context.emit(MemberAdded(grid.vdg, message.account, message.meter))


def check_tariff(message: SetTariff) -> None:
    """Fields of SetTariff."""
    check.name("vdg", message.vdg)
    buy, sell = message.buy_price_neur_per_wh, message.sell_price_neur_per_wh
    for field, prices in (("buy_price_neur_per_wh", buy), ("sell_price_neur_per_wh", sell)):
        if len(prices) not in (1, SLOTS_PER_DAY):
            raise check.invalid(f"{field} (entries)", len(prices), f"give 1 price or {SLOTS_PER_DAY}, one a slot")
        for price in prices:
            check.at_most(field, price, MAX_PRICE_NEUR_PER_WH)
    for slot in range(SLOTS_PER_DAY):
        if sell[slot % len(sell)] > buy[slot % len(buy)]:
            raise check.invalid(
                "sell_price_neur_per_wh",
                sell[slot % len(sell)],
                f"above the buying price of slot {slot} of the day: energy could be bought and sold back for ever",
            )


def set_tariff(context: Context, message: SetTariff) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, SLOT_OUT_OF_RANGE."""
    grid = _own_grid(context, message.vdg, "supplier")
    require_future_slots(grid, context.time_s, message.from_slot, 1)
    # After this point the action must succeed.
    post_tariff(context, message)


def post_tariff(context: Context, message: SetTariff) -> None:
    """Write a tariff, and drop those that a newer one has replaced since before the sender's horizon."""
    state, prefix = context.state, grid_prefix(message.vdg)
    TARIFFS.put(state, slot_key(message.vdg, message.from_slot), Tariff(*message))
    grid = require_grid(state, message.vdg)
    oldest_open = slot_at(grid, context.time_s) - grid.proof_deadline_slots - 1
    past = [key for key, tariff in TARIFFS.items(state, prefix) if tariff.from_slot <= oldest_open]
    for key in past[:-1]:
        TARIFFS.delete(state, key)
    context.emit(TariffSet(*message))


def _check_slots(vdg: str, fields: Sequence[tuple[str, Sequence[int]]], most: int) -> None:
    check.name("vdg", vdg)
    for field, values in fields:
        check.length(field, values, 1, SLOTS_PER_DAY)
        for value in values:
            check.at_most(field, value, most)


def check_rebates(message: SetRebates) -> None:
    """Fields of SetRebates."""
    _check_slots(message.vdg, [("rebate_neur_per_wh", message.rebate_neur_per_wh)], MAX_PRICE_NEUR_PER_WH)


def set_rebates(context: Context, message: SetRebates) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, SLOT_OUT_OF_RANGE, ALREADY_EXISTS (a rebate once posted stays)."""
    grid = _own_grid(context, message.vdg, "dso")
    rebates = message.rebate_neur_per_wh
    require_future_slots(grid, context.time_s, message.first_slot, len(rebates))
    for index, rebate in enumerate(rebates):
        posted = terms_of(context.state, grid.vdg, message.first_slot + index).rebate_neur_per_wh
        if posted not in (0, rebate):
            raise Refusal(
                Code.ALREADY_EXISTS,
                f"rebate_neur_per_wh = {rebate} for slot {message.first_slot + index}: {posted} was posted and "
                "buyers rely on it; post other slots only",
            )
    # After this point the action must succeed.
    for index, rebate in enumerate(rebates):
        slot = message.first_slot + index
        terms = terms_of(context.state, grid.vdg, slot)
        TERMS.put(context.state, slot_key(grid.vdg, slot), terms._replace(rebate_neur_per_wh=rebate))
        watch_slot(context, grid, slot)
    context.emit(RebatesSet(*message))


def check_caps(message: SetCaps) -> None:
    """Fields of SetCaps."""
    imports, exports = message.import_cap_wh, message.export_cap_wh
    _check_slots(message.vdg, [("import_cap_wh", imports), ("export_cap_wh", exports)], MAX_CAP_WH)
    if len(imports) != len(exports):
        raise check.invalid("export_cap_wh (entries)", len(exports), f"give {len(imports)}, as for import_cap_wh")
    check.label("reason", message.reason, MAX_REASON_CHARACTERS)


def set_caps(context: Context, message: SetCaps) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE, SLOT_OUT_OF_RANGE."""
    grid = _own_grid(context, message.vdg, "dso")
    require_future_slots(grid, context.time_s, message.first_slot, len(message.import_cap_wh))
    # After this point the action must succeed.
    for index, (import_cap, export_cap) in enumerate(zip(message.import_cap_wh, message.export_cap_wh, strict=True)):
        slot = message.first_slot + index
        terms = terms_of(context.state, grid.vdg, slot)
        TERMS.put(
            context.state,
            slot_key(grid.vdg, slot),
            terms._replace(capped=True, import_cap_wh=import_cap, export_cap_wh=export_cap, cap_reason=message.reason),
        )
        watch_slot(context, grid, slot)
    context.emit(CapsSet(*message))


def check_proof_key(message: SetProofKey) -> None:
    """Fields of SetProofKey."""
    check.name("vdg", message.vdg)
    check.public_key("proof_key", message.proof_key)


def set_proof_key(context: Context, message: SetProofKey) -> None:
    """Raises: Refusal UNKNOWN_VDG, WRONG_ROLE."""
    grid = _own_grid(context, message.vdg, "dso")
    # After this point the action must succeed.
    if message.proof_key != grid.proof_key:
        key = grid_prefix(grid.vdg) + grid.proof_key
        retired = PROOF_KEYS.get(context.state, key) or ProofKey(grid.vdg, grid.proof_key)
        PROOF_KEYS.put(context.state, key, retired._replace(until_s=context.time_s))
        _put_in_force(context, grid.vdg, message.proof_key)
    _change(context, grid._replace(proof_key=message.proof_key))


def _put_in_force(context: Context, vdg: str, proof_key: bytes) -> None:
    """Keep a key for as long as the VDG: what it has signed is to be shown to others when it signs no more."""
    key = grid_prefix(vdg) + proof_key
    known = PROOF_KEYS.get(context.state, key) or ProofKey(vdg, proof_key, context.time_s)
    PROOF_KEYS.put(context.state, key, known._replace(until_s=0))


def check_supplier(message: SetSupplier) -> None:
    """Fields of SetSupplier."""
    check.name("vdg", message.vdg)
    check.address("supplier", message.supplier)


def set_supplier(context: Context, message: SetSupplier) -> None:
    """Raises: Refusal UNKNOWN_VDG, UNKNOWN_ACCOUNT, WRONG_ROLE."""
    require_role(context.state, "supplier", message.supplier, Role.ROLE_SUPPLIER)
    grid = require_grid(context.state, message.vdg)
    # After this point the action must succeed.
    _change(context, grid._replace(supplier=message.supplier))


def _change(context: Context, grid: Grid) -> None:
    GRIDS.put(context.state, grid_prefix(grid.vdg), grid)
    context.emit(GridChanged(grid))


_DSO, _SUPPLIER, _REGISTRAR = (Role.ROLE_DSO,), (Role.ROLE_SUPPLIER,), (Role.ROLE_REGISTRAR,)

ACTIONS = {
    CreateGrid: Action(check_create, _REGISTRAR, create),
    AddMember: Action(check_add_member, _DSO, add_member),
    SetTariff: Action(check_tariff, _SUPPLIER, set_tariff),
    SetRebates: Action(check_rebates, _DSO, set_rebates),
    SetCaps: Action(check_caps, _DSO, set_caps),
    SetProofKey: Action(check_proof_key, _DSO, set_proof_key),
    SetSupplier: Action(check_supplier, _REGISTRAR, set_supplier),
}
