"""Which queries can be verified: those whose answers follow from single items of the state, each of which is proved.

Of a list, the state holds a total as well: a count or a sum of amounts that are all positive. Every entry is proved,
the total is proved, and they agree; so none is missing. Whoever asks such a query of a gateway believes nothing of the
answer but which entries to look for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from wire import state_keys as at
from wire.accounts import GetAccountRequest, GetAccountResponse
from wire.asset import Availability, GetAvailabilityRequest, GetAvailabilityResponse
from wire.control import (
    ControlSession,
    GetPhaseOrderRequest,
    GetPhaseOrderResponse,
    GetSessionRequest,
    GetSessionResponse,
    GetSwitchRequest,
    GetSwitchResponse,
    GridControl,
    ListPhaseOrdersRequest,
    ListPhaseOrdersResponse,
    ListSessionsRequest,
    ListSessionsResponse,
    ListSignalsRequest,
    ListSignalsResponse,
    ListSwitchesRequest,
    ListSwitchesResponse,
    SlotControl,
)
from wire.flowproof import GetProofRequest, GetProofResponse, ListProofsRequest, ListProofsResponse, SlotProofs
from wire.grid import ListMembersRequest, ListMembersResponse, ListTermsRequest, ListTermsResponse, SlotTerms
from wire.ledger import EUR, Balance, GetBalanceRequest, GetBalanceResponse, ListDebtsRequest, ListDebtsResponse
from wire.market import (
    GetBookRequest,
    GetBookResponse,
    GetOrderRequest,
    GetOrderResponse,
    GetPositionRequest,
    GetPositionResponse,
    ListContractsRequest,
    ListContractsResponse,
    Position,
)
from wire.settlement import (
    GetCertificateRequest,
    GetCertificateResponse,
    GetDeclarationRequest,
    GetDeclarationResponse,
    GetHouseholdRequest,
    GetHouseholdResponse,
    GetSlotRequest,
    GetSlotResponse,
)
from wire.state_keys import Item
from wire.unverified import Reason, Unverified

MAX_ENTRIES = 1000
_SLOTS_PER_HOUR = 6

Values = Sequence[Any]
"""Proved values in the order of their items; None where an item is proved to be absent."""


class Single(NamedTuple):
    """A query whose answer follows from items that the request names; the first is the one that it is about."""

    items: Callable[[Any], tuple[Item[Any], ...]]
    answer: Callable[[Any, Values], Any]


class Listed(NamedTuple):
    """A query of a list: the item with the total, the items that a claimed answer names, and the answer from values.

    ``answer`` gets the request, the total and the entries. Raises: Unverified CONTRADICTION.
    """

    total: Callable[[Any], Item[Any]]
    entries: Callable[[Any, Any], list[Item[Any]]]
    answer: Callable[[Any, Any, Values], Any]


def verifiable(request_type: type[Any]) -> Single | Listed:
    """How a query is verified. Raises: Unverified UNPROVABLE for one that is not made of single items."""
    found = VERIFIABLE.get(request_type)
    if found is None:
        names = ", ".join(sorted(type_.__name__.removesuffix("Request") for type_ in VERIFIABLE))
        text = (
            f"{request_type.__name__.removesuffix('Request')} can't be verified as a whole; these can: "
            f"{names}; any single item can be proved by its key (`vdg proof item`, docs/proofs.md)"
        )
        raise Unverified(Reason.UNPROVABLE, text)
    return found


def item_of(request: Any) -> Item[Any]:
    """The one item that a query is about. Raises: Unverified UNPROVABLE."""
    how = verifiable(type(request))
    return how.items(request)[0] if isinstance(how, Single) else how.total(request)


def _book(_: GetBookRequest, values: Values) -> GetBookResponse:
    (book,) = values
    if book is None:
        text = "the book is not cleared; when its gate closes and how many orders wait in it are no items of the state"
        raise Unverified(Reason.UNPROVABLE, text)
    return GetBookResponse(True, book, book.gate_s)


def _terms(request: ListTermsRequest) -> tuple[Item[Any], ...]:
    if not 1 <= request.slots <= MAX_ENTRIES:
        raise Unverified(Reason.UNPROVABLE, f"slots = {request.slots}: give 1 to {MAX_ENTRIES}")
    slots = range(request.first_slot, request.first_slot + request.slots)
    return tuple(at.TERMS.at(at.slot_key(request.vdg, slot)) for slot in slots)


def _availability(_: GetAvailabilityRequest, values: Values) -> GetAvailabilityResponse:
    available, deliverable = values
    capacity_wh = deliverable.power_w // _SLOTS_PER_HOUR if deliverable else 0
    return GetAvailabilityResponse(available or Availability(), capacity_wh)


def _order(_: GetOrderRequest, values: Values) -> GetOrderResponse:
    (order,) = values
    # Energy 0 marks a cancelled one.
    return GetOrderResponse(True, order) if order and order.energy_wh else GetOrderResponse()


def _found(response_type: type[Any]) -> Callable[[Any, Values], Any]:
    """The answer of a query that is about one item alone."""

    def answer(_: Any, values: Values) -> Any:
        (value,) = values
        return response_type(value is not None, value)

    return answer


def _contract_total(request: ListContractsRequest) -> Item[Any]:
    if not request.account:
        text = "contracts of all accounts have no total in the state: give --account, whose position is one"
        raise Unverified(Reason.UNPROVABLE, text)
    return at.POSITIONS.at(at.slot_account_key(request.vdg, request.slot, request.account))


def _contract_entries(request: ListContractsRequest, claimed: ListContractsResponse) -> list[Item[Any]]:
    try:
        own = [c for c in claimed.contracts if request.account in (c.buyer, c.seller)]
        return [at.CONTRACTS.at(at.contract_key_of(contract.contract_id)) for contract in own]
    except ValueError as error:
        raise Unverified(Reason.CONTRADICTION, f"the answer names a contract that can't be one: {error}") from error


def _contracts(request: ListContractsRequest, total: Any, values: Values) -> ListContractsResponse:
    position = total or Position()
    place = (request.vdg, request.slot)
    if any((contract.vdg, contract.slot) != place for contract in values):
        raise Unverified(Reason.CONTRADICTION, f"the answer names contracts of another slot than {place}")
    bought_wh = sum(contract.energy_wh for contract in values if contract.buyer == request.account)
    sold_wh = sum(contract.energy_wh for contract in values if contract.seller == request.account)
    _agree("contracts (bought, sold; Wh)", (bought_wh, sold_wh), (position.bought_wh, position.sold_wh))
    return ListContractsResponse(tuple(values))


def _debts(request: ListDebtsRequest, total: Any, values: Values) -> ListDebtsResponse:
    if any(debt.debtor != request.debtor for debt in values):
        raise Unverified(Reason.CONTRADICTION, "the answer names debts of others")
    owed_neur = total.amount_neur if total else 0
    _agree("debts (neur)", sum(debt.amount_neur for debt in values), owed_neur)
    return ListDebtsResponse(tuple(values))


def _certificate(request: GetCertificateRequest, certificate: Any, values: Values) -> GetCertificateResponse:
    if certificate is None:
        return GetCertificateResponse()
    if any(holding.certificate_id != request.certificate_id for holding in values):
        raise Unverified(Reason.CONTRADICTION, "the answer names holdings of other certificates")
    held_wh = sum(holding.energy_wh for holding in values)
    _agree("holdings and what is retired (Wh)", held_wh + certificate.retired_wh, certificate.energy_wh)
    return GetCertificateResponse(True, certificate, tuple(values))


def _proofs(_: ListProofsRequest, total: Any, values: Values) -> ListProofsResponse:
    _agree("proofs", len(values), (total or SlotProofs()).proofs)
    return ListProofsResponse(tuple(values))


def _members(request: ListMembersRequest, grid: Any, values: Values) -> ListMembersResponse:
    if any(member.vdg != request.vdg for member in values):
        raise Unverified(Reason.CONTRADICTION, "the answer names members of other grids")
    _agree("members", len(values), grid.members if grid else 0)
    return ListMembersResponse(tuple(values))


def _switches(request: ListSwitchesRequest, control: Any, values: Values) -> ListSwitchesResponse:
    if any(switch.vdg != request.vdg for switch in values):
        raise Unverified(Reason.CONTRADICTION, "the answer names switches of other grids")
    _agree("switches", len(values), (control or GridControl()).switches)
    return ListSwitchesResponse(tuple(values))


def _phase_orders(_: ListPhaseOrdersRequest, slot: Any, values: Values) -> ListPhaseOrdersResponse:
    _agree("phase orders", len(values), (slot or SlotControl()).orders)
    return ListPhaseOrdersResponse(tuple(values))


def _sessions(_: ListSessionsRequest, slot: Any, values: Values) -> ListSessionsResponse:
    _agree("sessions", len(values), (slot or SlotControl()).sessions)
    return ListSessionsResponse(tuple(values))


def _signals(_: ListSignalsRequest, session: Any, values: Values) -> ListSignalsResponse:
    _agree("signals", len(values), (session or ControlSession()).signals)
    return ListSignalsResponse(tuple(values))


def _session_item(request: GetSessionRequest | ListSignalsRequest) -> Item[Any]:
    return at.CONTROL_SESSIONS.at(at.session_key(request.vdg, request.slot, request.session))


def _agree(what: str, entries: Any, total: Any) -> None:
    if entries != total:
        text = f"{what}: the entries of the answer come to {entries}, the state has {total}: some are kept back"
        raise Unverified(Reason.CONTRADICTION, text)


VERIFIABLE: Mapping[type[Any], Single | Listed] = MappingProxyType(
    {
        GetAccountRequest: Single(
            lambda r: (at.ACCOUNTS.at(r.address), at.NONCES.at(r.address)),
            lambda _, v: GetAccountResponse(v[0] is not None, v[0], v[1]),
        ),
        GetBalanceRequest: Single(
            lambda r: (at.BALANCES.at(at.balance_key(EUR, r.holder)), at.DEBT_TOTALS.at(r.holder)),
            lambda _, v: GetBalanceResponse(v[0] or Balance(), v[1] is not None),
        ),
        GetAvailabilityRequest: Single(
            lambda r: (
                at.AVAILABILITY.at(at.slot_account_key(r.vdg, r.slot, r.account)),
                at.DELIVERABLE.at(at.grid_prefix(r.vdg) + r.account),
            ),
            _availability,
        ),
        GetBookRequest: Single(lambda r: (at.BOOKS.at(at.book_key(r.vdg, r.product, r.slot)),), _book),
        GetOrderRequest: Single(lambda r: (at.ORDERS.at(at.book_key(r.vdg, r.product, r.slot) + r.account),), _order),
        GetPositionRequest: Single(
            lambda r: (at.POSITIONS.at(at.slot_account_key(r.vdg, r.slot, r.account)),),
            lambda _, v: GetPositionResponse(v[0] or Position()),
        ),
        ListTermsRequest: Single(_terms, lambda _, v: ListTermsResponse(tuple(terms or SlotTerms() for terms in v))),
        GetProofRequest: Single(
            lambda r: (at.PROOFS.at(at.slot_account_key(r.vdg, r.slot, r.account)),), _found(GetProofResponse)
        ),
        GetSlotRequest: Single(
            lambda r: (at.SLOT_SETTLEMENTS.at(at.slot_key(r.vdg, r.slot)),), _found(GetSlotResponse)
        ),
        GetHouseholdRequest: Single(
            lambda r: (at.HOUSEHOLDS.at(at.slot_account_key(r.vdg, r.slot, r.account)),), _found(GetHouseholdResponse)
        ),
        GetDeclarationRequest: Single(
            lambda r: (at.DECLARATIONS.at(at.slot_account_key(r.vdg, r.slot, r.account)),),
            _found(GetDeclarationResponse),
        ),
        GetSwitchRequest: Single(
            lambda r: (at.SWITCHES.at(at.grid_prefix(r.vdg) + r.account),), _found(GetSwitchResponse)
        ),
        GetPhaseOrderRequest: Single(
            lambda r: (at.PHASE_ORDERS.at(at.slot_account_key(r.vdg, r.slot, r.account)),),
            _found(GetPhaseOrderResponse),
        ),
        GetSessionRequest: Single(lambda r: (_session_item(r),), _found(GetSessionResponse)),
        ListSessionsRequest: Listed(
            lambda r: at.SLOT_CONTROLS.at(at.slot_key(r.vdg, r.slot)),
            lambda r, c: [at.CONTROL_SESSIONS.at(at.session_key(r.vdg, r.slot, s.session)) for s in c.sessions],
            _sessions,
        ),
        ListSignalsRequest: Listed(
            _session_item,
            lambda r, c: [
                at.CONTROL_SIGNALS.at(at.signal_key(at.session_key(r.vdg, r.slot, r.session), s.iteration))
                for s in c.signals
            ],
            _signals,
        ),
        ListSwitchesRequest: Listed(
            lambda r: at.GRID_CONTROLS.at(at.grid_prefix(r.vdg)),
            lambda r, c: [at.SWITCHES.at(at.grid_prefix(r.vdg) + s.account) for s in c.switches],
            _switches,
        ),
        ListPhaseOrdersRequest: Listed(
            lambda r: at.SLOT_CONTROLS.at(at.slot_key(r.vdg, r.slot)),
            lambda r, c: [at.PHASE_ORDERS.at(at.slot_account_key(r.vdg, r.slot, o.account)) for o in c.orders],
            _phase_orders,
        ),
        ListContractsRequest: Listed(_contract_total, _contract_entries, _contracts),
        ListDebtsRequest: Listed(
            lambda r: at.DEBT_TOTALS.at(r.debtor),
            lambda r, c: [at.DEBTS.at(at.debt_key(r.debtor, d.creditor, d.reason)) for d in c.debts],
            _debts,
        ),
        GetCertificateRequest: Listed(
            lambda r: at.CERTIFICATES.at(r.certificate_id.encode()),
            lambda r, c: [at.HOLDERS.at(at.holder_key(r.certificate_id, h.holder)) for h in c.holdings],
            _certificate,
        ),
        ListProofsRequest: Listed(
            lambda r: at.SLOT_PROOFS.at(at.slot_key(r.vdg, r.slot)),
            lambda r, c: [at.PROOFS.at(at.slot_account_key(r.vdg, r.slot, p.account)) for p in c.proofs],
            _proofs,
        ),
        ListMembersRequest: Listed(
            lambda r: at.GRIDS.at(at.grid_prefix(r.vdg)),
            lambda r, c: [at.MEMBERS.at(at.grid_prefix(r.vdg) + m.account) for m in c.members],
            _members,
        ),
    }
)
