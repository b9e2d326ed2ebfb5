"""VDGs: members, tariffs, rebates, caps."""

from __future__ import annotations

from node.audit import accounts
from node.audit.books import MemberOf, SlotOf
from node.audit.case import Case, Denied, require
from node.audit.clock import require_ahead, slot_now, watch
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
    SlotTerms,
    Tariff,
    TariffSet,
)
from wire.results import Code

_NO_TERMS = SlotTerms()


def found(case: Case, vdg: str) -> Grid:
    """The VDG. Raises: Denied UNKNOWN_VDG."""
    grid = case.books.grids.get(vdg)
    if grid is None:
        raise Denied(Code.UNKNOWN_VDG)
    return grid


def member(case: Case, vdg: str, account: bytes) -> Member:
    """The member. Raises: Denied NOT_A_MEMBER."""
    one = case.books.members.get(MemberOf(vdg, account))
    if one is None:
        raise Denied(Code.NOT_A_MEMBER)
    return one


def terms(case: Case, vdg: str, slot: int) -> SlotTerms:
    """What was posted for a slot."""
    return case.books.terms.get(SlotOf(vdg, slot)) or _NO_TERMS


def prices(case: Case, vdg: str, slot: int) -> tuple[int, int]:
    """P_u and P_f in a slot (nEUR per Wh). Raises: Denied SLOT_INVALID before the first tariff."""
    newest = [tariff for at, tariff in case.books.tariffs.of(vdg) if at.slot <= slot][-1:]
    if not newest:
        raise Denied(Code.SLOT_INVALID)
    buy, sell = newest[0].buy_price_neur_per_wh, newest[0].sell_price_neur_per_wh
    return buy[slot % len(buy)], sell[slot % len(sell)]


def _of_dso(case: Case, vdg: str) -> Grid:
    grid = found(case, vdg)
    require(grid.dso == case.sender, Code.WRONG_ROLE)
    return grid


def create(case: Case, m: CreateGrid) -> None:
    grid = m.grid or Grid()
    accounts.having(case, grid.dso, Role.ROLE_DSO)
    accounts.having(case, grid.supplier, Role.ROLE_SUPPLIER)
    require(case.books.grids.get(grid.vdg) is None, Code.ALREADY_EXISTS)
    case.books.grids.put(grid.vdg, grid)
    _signs_from_now(case, grid)
    case.events.append(GridCreated(grid))


def add_member(case: Case, m: AddMember) -> None:
    connect(case, _of_dso(case, m.vdg), m)


def connect(case: Case, grid: Grid, m: AddMember) -> None:
    """A household and its meter; it is a member from the next slot on."""
    books, at = case.books, MemberOf(m.vdg, m.account)
    accounts.having(case, m.account, Role.ROLE_HOUSEHOLD)
    require(books.members.get(at) is None and books.meters.get((m.vdg, m.meter)) is None, Code.ALREADY_EXISTS)
    joined = Member(m.vdg, m.account, m.meter, max(slot_now(grid, case.time_s) + 1, 0))
    books.members.put(at, joined)
    books.meters.put((m.vdg, m.meter), joined)
    books.grids.put(m.vdg, grid._replace(members=grid.members + 1))
    case.events.append(MemberAdded(m.vdg, m.account, m.meter))


def set_tariff(case: Case, m: SetTariff) -> None:
    grid = found(case, m.vdg)
    require(grid.supplier == case.sender, Code.WRONG_ROLE)
    require_ahead(case, grid, m.from_slot, 1)
    post_tariff(case, grid, m)


def post_tariff(case: Case, grid: Grid, m: SetTariff) -> None:
    """Keep it, and of those that no slot can be settled by any more but the newest, none."""
    case.books.tariffs.put(SlotOf(m.vdg, m.from_slot), Tariff(*m))
    settled_by = slot_now(grid, case.time_s) - grid.proof_deadline_slots - 1
    begun = [at for at, _ in case.books.tariffs.of(m.vdg) if at.slot <= settled_by]
    for at in begun[:-1]:
        case.books.tariffs.drop(at)
    case.events.append(TariffSet(*m))


def set_rebates(case: Case, m: SetRebates) -> None:
    grid = _of_dso(case, m.vdg)
    require_ahead(case, grid, m.first_slot, len(m.rebate_neur_per_wh))
    slots = list(enumerate(m.rebate_neur_per_wh, m.first_slot))
    for slot, rebate in slots:
        require(terms(case, m.vdg, slot).rebate_neur_per_wh in (0, rebate), Code.ALREADY_EXISTS)
    for slot, rebate in slots:
        case.books.terms.put(SlotOf(m.vdg, slot), terms(case, m.vdg, slot)._replace(rebate_neur_per_wh=rebate))
        watch(case.books, grid, slot)
    case.events.append(RebatesSet(*m))


def set_caps(case: Case, m: SetCaps) -> None:
    grid = _of_dso(case, m.vdg)
    require_ahead(case, grid, m.first_slot, len(m.import_cap_wh))
    for index, (most_in, most_out) in enumerate(zip(m.import_cap_wh, m.export_cap_wh, strict=True)):
        slot = m.first_slot + index
        posted = terms(case, m.vdg, slot)._replace(
            capped=True, import_cap_wh=most_in, export_cap_wh=most_out, cap_reason=m.reason
        )
        case.books.terms.put(SlotOf(m.vdg, slot), posted)
        watch(case.books, grid, slot)
    case.events.append(CapsSet(*m))


def set_proof_key(case: Case, m: SetProofKey) -> None:
    grid = _of_dso(case, m.vdg)
    changed = grid._replace(proof_key=m.proof_key)
    if changed != grid:
        before = case.books.proof_keys.get((m.vdg, grid.proof_key)) or ProofKey()
        case.books.proof_keys.put((m.vdg, grid.proof_key), before._replace(until_s=case.time_s))
        _signs_from_now(case, changed)
    _change(case, changed)


def _signs_from_now(case: Case, grid: Grid) -> None:
    """A key keeps the time when it was first set, and has no end as long as it is the one in force."""
    at = (grid.vdg, grid.proof_key)
    before = case.books.proof_keys.get(at)
    case.books.proof_keys.put(at, ProofKey(*at, before.since_s if before else case.time_s))


def set_supplier(case: Case, m: SetSupplier) -> None:
    accounts.having(case, m.supplier, Role.ROLE_SUPPLIER)
    _change(case, found(case, m.vdg)._replace(supplier=m.supplier))


def _change(case: Case, grid: Grid) -> None:
    case.books.grids.put(grid.vdg, grid)
    case.events.append(GridChanged(grid))
