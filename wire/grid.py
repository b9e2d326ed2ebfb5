"""Virtual distribution grids: members, tariffs, rebates, caps (MODEL sections 2, 4.1 of the thesis, 6)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wire.fields import flag, many, one, raw, sint, text, uint


class Grid(NamedTuple):
    """A VDG. Slot n runs from ``epoch_s + n * slot_seconds`` (Unix seconds of block time).

    ``reward_rate_neur_per_wh`` and ``deviation_neur_per_wh2`` are R's rate and a_r of (6.6).
    ``proof_deadline_slots``: how many slots after its end a slot settles with the proofs that are there.
    """

    vdg: Annotated[str, text(1)] = ""
    epoch_s: Annotated[int, uint(2)] = 0
    slot_seconds: Annotated[int, uint(3)] = 0
    dso: Annotated[bytes, raw(4)] = b""
    supplier: Annotated[bytes, raw(5)] = b""
    proof_key: Annotated[bytes, raw(6)] = b""
    reward_rate_neur_per_wh: Annotated[int, uint(7)] = 0
    deviation_neur_per_wh2: Annotated[int, uint(8)] = 0
    proof_deadline_slots: Annotated[int, uint(9)] = 0
    priority: Annotated[int, uint(10)] = 0
    members: Annotated[int, uint(11)] = 0


class Member(NamedTuple):
    """A household of a VDG and its meter."""

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""
    meter: Annotated[str, text(3)] = ""
    since_slot: Annotated[int, uint(4)] = 0


class ProofKey(NamedTuple):
    """A key that a VDG's proofs of flow are or were signed with.

    Block time when it was first set and, unless it is in force, when another took its place (both Unix seconds).
    """

    vdg: Annotated[str, text(1)] = ""
    proof_key: Annotated[bytes, raw(2)] = b""
    since_s: Annotated[int, uint(3)] = 0
    until_s: Annotated[int, uint(4)] = 0


class Tariff(NamedTuple):
    """The supplier's prices for slots of the day: P_u to buy, P_f (feed-in) to sell. Arrays of 144 or 1."""

    vdg: Annotated[str, text(1)] = ""
    from_slot: Annotated[int, uint(2)] = 0
    buy_price_neur_per_wh: Annotated[tuple[int, ...], many(uint(3))] = ()
    sell_price_neur_per_wh: Annotated[tuple[int, ...], many(uint(4))] = ()


class SlotTerms(NamedTuple):
    """What the DSO posted for one slot: the rebate r_t, and caps on what one order may commit, with their reason."""

    rebate_neur_per_wh: Annotated[int, uint(1)] = 0
    capped: Annotated[bool, flag(2)] = False
    import_cap_wh: Annotated[int, uint(3)] = 0
    export_cap_wh: Annotated[int, uint(4)] = 0
    cap_reason: Annotated[str, text(5)] = ""


class CreateGrid(NamedTuple):
    """The registrar opens a VDG; ``grid.members`` is left out."""

    grid: Annotated[Grid | None, one(1, Grid)] = None


class AddMember(NamedTuple):
    """The VDG's DSO connects a household with its meter."""

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""
    meter: Annotated[str, text(3)] = ""


class SetTariff(NamedTuple):
    """The VDG's supplier posts the prices that hold from a later day on (see Tariff)."""

    vdg: Annotated[str, text(1)] = ""
    from_slot: Annotated[int, uint(2)] = 0
    buy_price_neur_per_wh: Annotated[tuple[int, ...], many(uint(3))] = ()
    sell_price_neur_per_wh: Annotated[tuple[int, ...], many(uint(4))] = ()


class SetRebates(NamedTuple):
    """The DSO posts r_t for consecutive future slots (4.1); one that is posted stays as it is."""

    vdg: Annotated[str, text(1)] = ""
    first_slot: Annotated[int, uint(2)] = 0
    rebate_neur_per_wh: Annotated[tuple[int, ...], many(uint(3))] = ()


class SetCaps(NamedTuple):
    """The DSO caps import and export for consecutive future slots (Wh a slot), and says why."""

    vdg: Annotated[str, text(1)] = ""
    first_slot: Annotated[int, uint(2)] = 0
    import_cap_wh: Annotated[tuple[int, ...], many(uint(3))] = ()
    export_cap_wh: Annotated[tuple[int, ...], many(uint(4))] = ()
    reason: Annotated[str, text(5)] = ""


class SetProofKey(NamedTuple):
    """The DSO replaces the key that signs its flow proofs."""

    vdg: Annotated[str, text(1)] = ""
    proof_key: Annotated[bytes, raw(2)] = b""


class SetSupplier(NamedTuple):
    """The registrar gives a VDG another supplier."""

    vdg: Annotated[str, text(1)] = ""
    supplier: Annotated[bytes, raw(2)] = b""


class GridCreated(NamedTuple):
    """Event: a VDG is there."""

    grid: Annotated[Grid | None, one(1, Grid)] = None


class MemberAdded(NamedTuple):
    """Event: a household is connected."""

    vdg: Annotated[str, text(1)] = ""
    account: Annotated[bytes, raw(2)] = b""
    meter: Annotated[str, text(3)] = ""


class TariffSet(NamedTuple):
    """Event: prices from a slot on."""

    vdg: Annotated[str, text(1)] = ""
    from_slot: Annotated[int, uint(2)] = 0
    buy_price_neur_per_wh: Annotated[tuple[int, ...], many(uint(3))] = ()
    sell_price_neur_per_wh: Annotated[tuple[int, ...], many(uint(4))] = ()


class RebatesSet(NamedTuple):
    """Event: r_t of consecutive slots."""

    vdg: Annotated[str, text(1)] = ""
    first_slot: Annotated[int, uint(2)] = 0
    rebate_neur_per_wh: Annotated[tuple[int, ...], many(uint(3))] = ()


class CapsSet(NamedTuple):
    """Event: caps of consecutive slots, and why."""

    vdg: Annotated[str, text(1)] = ""
    first_slot: Annotated[int, uint(2)] = 0
    import_cap_wh: Annotated[tuple[int, ...], many(uint(3))] = ()
    export_cap_wh: Annotated[tuple[int, ...], many(uint(4))] = ()
    reason: Annotated[str, text(5)] = ""


class GridChanged(NamedTuple):
    """Event: a VDG's supplier, proof key or reward terms changed; it is now this."""

    grid: Annotated[Grid | None, one(1, Grid)] = None


class GetGridRequest(NamedTuple):
    """Query: one VDG."""

    vdg: Annotated[str, text(1)] = ""


class GetGridResponse(NamedTuple):
    """The VDG, its tariff in force and the slot of the last block."""

    found: Annotated[bool, flag(1)] = False
    grid: Annotated[Grid | None, one(2, Grid)] = None
    tariff: Annotated[Tariff | None, one(3, Tariff)] = None
    slot: Annotated[int, sint(4)] = 0
    time_s: Annotated[int, uint(5)] = 0


class ListGridsRequest(NamedTuple):
    """Query: all VDGs in order of id, paged."""

    page_token: Annotated[bytes, raw(1)] = b""
    limit: Annotated[int, uint(2)] = 0


class ListGridsResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    grids: Annotated[tuple[Grid, ...], many(one(1, Grid))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class ListMembersRequest(NamedTuple):
    """Query: a VDG's members in order of address, paged."""

    vdg: Annotated[str, text(1)] = ""
    page_token: Annotated[bytes, raw(2)] = b""
    limit: Annotated[int, uint(3)] = 0


class ListMembersResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    members: Annotated[tuple[Member, ...], many(one(1, Member))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""


class ListTermsRequest(NamedTuple):
    """Query: what was posted for ``slots`` slots (at most 1,000) from ``first_slot``."""

    vdg: Annotated[str, text(1)] = ""
    first_slot: Annotated[int, uint(2)] = 0
    slots: Annotated[int, uint(3)] = 0


class ListTermsResponse(NamedTuple):
    """One entry a slot, defaults where nothing was posted."""

    terms: Annotated[tuple[SlotTerms, ...], many(one(1, SlotTerms))] = ()


class ListProofKeysRequest(NamedTuple):
    """Query: the keys that a VDG's proofs of flow are or were signed with, in order of their bytes, paged."""

    vdg: Annotated[str, text(1)] = ""
    page_token: Annotated[bytes, raw(2)] = b""
    limit: Annotated[int, uint(3)] = 0


class ListProofKeysResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    proof_keys: Annotated[tuple[ProofKey, ...], many(one(1, ProofKey))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""
