"""Settlement of proven flows, rewards and certificates (MODEL section 6, thesis 6.4 to 6.6)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from wire.fields import flag, many, one, raw, sint, text, uint


class Declaration(NamedTuple):
    """The rest of a household's planned flow in a slot, x_u of (6.1), which it leaves to the supplier (Wh)."""

    supplier_flow_wh: Annotated[int, sint(1)] = 0
    nonce: Annotated[int, uint(2)] = 0


class HouseholdSettlement(NamedTuple):
    """One household's slot, settled. Amounts are positive when the household receives them.

    ``market_wh`` is x_m (bought less sold under settled contracts), ``deviation_wh`` is x - x_m, ``planned_wh``
    is x_hat = x_m + x_u. ``debt_neur`` is what it owed in this slot and could not pay.
    """

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    flow_wh: Annotated[int, sint(4)] = 0
    bought_wh: Annotated[int, uint(5)] = 0
    sold_wh: Annotated[int, uint(6)] = 0
    planned_wh: Annotated[int, sint(7)] = 0
    contracts_neur: Annotated[int, sint(8)] = 0
    deviation_neur: Annotated[int, sint(9)] = 0
    rebate_neur: Annotated[int, uint(10)] = 0
    reward_neur: Annotated[int, sint(11)] = 0
    debt_neur: Annotated[int, uint(12)] = 0


class SlotSettlement(NamedTuple):
    """A VDG's slot, settled: how many proofs there were, and what became of its contracts."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    height: Annotated[int, uint(3)] = 0
    at_deadline: Annotated[bool, flag(4)] = False
    proofs: Annotated[int, uint(5)] = 0
    contracts_settled: Annotated[int, uint(6)] = 0
    contracts_unwound: Annotated[int, uint(7)] = 0
    contracted_wh: Annotated[int, uint(8)] = 0
    verified_wh: Annotated[int, uint(9)] = 0
    surplus_neur: Annotated[int, uint(10)] = 0


class Certificate(NamedTuple):
    """Verified energy: one ecoin a Wh that really flowed under a contract. Never changes but for ``retired_wh``."""

    certificate_id: Annotated[str, text(1)] = ""
    vdg: Annotated[str, text(2)] = ""
    slot: Annotated[int, uint(3)] = 0
    producer: Annotated[bytes, raw(4)] = b""
    consumer: Annotated[bytes, raw(5)] = b""
    energy_wh: Annotated[int, uint(6)] = 0
    retired_wh: Annotated[int, uint(7)] = 0


class Holding(NamedTuple):
    """How much of a certificate an account holds (Wh)."""

    certificate_id: Annotated[str, text(1)] = ""
    holder: Annotated[bytes, raw(2)] = b""
    energy_wh: Annotated[int, uint(3)] = 0


class SettlementParameters(NamedTuple):
    """How often validators are paid (seconds of block time), and how long records are kept (slots)."""

    payout_s: Annotated[int, uint(1)] = 0
    keep_slots: Annotated[int, uint(2)] = 0


class DeclareFlow(NamedTuple):
    """A member says before the slot starts what else it plans to exchange, with the supplier (6.1)."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    supplier_flow_wh: Annotated[int, sint(3)] = 0


class FundRewards(NamedTuple):
    """Anybody (the DSO, as a rule) pays into a VDG's reward pool."""

    vdg: Annotated[str, text(1)] = ""
    amount_neur: Annotated[int, uint(2)] = 0


class TransferCertificate(NamedTuple):
    """The holder gives whole Wh of a certificate to another account."""

    certificate_id: Annotated[str, text(1)] = ""
    to: Annotated[bytes, raw(2)] = b""
    energy_wh: Annotated[int, uint(3)] = 0


class RetireCertificate(NamedTuple):
    """The holder retires whole Wh of a certificate for good."""

    certificate_id: Annotated[str, text(1)] = ""
    energy_wh: Annotated[int, uint(2)] = 0


class FlowDeclared(NamedTuple):
    """Event: a household's declaration for a slot is now this."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""
    supplier_flow_wh: Annotated[int, sint(4)] = 0


class ContractSettled(NamedTuple):
    """Event: a contract is paid; ``verified_wh`` of it flowed."""

    contract_id: Annotated[str, text(1)] = ""
    verified_wh: Annotated[int, uint(2)] = 0
    paid_neur: Annotated[int, uint(3)] = 0
    received_neur: Annotated[int, uint(4)] = 0
    rebate_neur: Annotated[int, uint(5)] = 0


class ContractUnwound(NamedTuple):
    """Event: a contract without proof is undone; the buyer has its escrow back."""

    contract_id: Annotated[str, text(1)] = ""
    returned_neur: Annotated[int, uint(2)] = 0


class CertificateMinted(NamedTuple):
    """Event: a certificate is there; its consumer holds it."""

    certificate: Annotated[Certificate | None, one(1, Certificate)] = None


class CertificateTransferred(NamedTuple):
    """Event: Wh of a certificate changed hands."""

    certificate_id: Annotated[str, text(1)] = ""
    source: Annotated[bytes, raw(2)] = b""
    target: Annotated[bytes, raw(3)] = b""
    energy_wh: Annotated[int, uint(4)] = 0


class CertificateRetired(NamedTuple):
    """Event: Wh of a certificate are retired."""

    certificate_id: Annotated[str, text(1)] = ""
    holder: Annotated[bytes, raw(2)] = b""
    energy_wh: Annotated[int, uint(3)] = 0


class HouseholdSettled(NamedTuple):
    """Event: a household's slot is settled."""

    settlement: Annotated[HouseholdSettlement | None, one(1, HouseholdSettlement)] = None


class SlotSettled(NamedTuple):
    """Event: a VDG's slot is settled."""

    settlement: Annotated[SlotSettlement | None, one(1, SlotSettlement)] = None


class ValidatorsRewarded(NamedTuple):
    """Event: the validators' pool was shared out by voting power."""

    amount_neur: Annotated[int, uint(1)] = 0
    validators: Annotated[int, uint(2)] = 0


class GetSlotRequest(NamedTuple):
    """Query: a VDG's settled slot."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0


class GetSlotResponse(NamedTuple):
    """The record, once the slot is settled."""

    found: Annotated[bool, flag(1)] = False
    settlement: Annotated[SlotSettlement | None, one(2, SlotSettlement)] = None


class GetHouseholdRequest(NamedTuple):
    """Query: one household's settled slot."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""


class GetHouseholdResponse(NamedTuple):
    """The record, once the slot is settled and the household was proved."""

    found: Annotated[bool, flag(1)] = False
    settlement: Annotated[HouseholdSettlement | None, one(2, HouseholdSettlement)] = None


class GetDeclarationRequest(NamedTuple):
    """Query: what a household declared for a slot."""

    vdg: Annotated[str, text(1)] = ""
    slot: Annotated[int, uint(2)] = 0
    account: Annotated[bytes, raw(3)] = b""


class GetDeclarationResponse(NamedTuple):
    """The declaration, if there is one."""

    found: Annotated[bool, flag(1)] = False
    declaration: Annotated[Declaration | None, one(2, Declaration)] = None


class GetCertificateRequest(NamedTuple):
    """Query: one certificate and who holds how much of it."""

    certificate_id: Annotated[str, text(1)] = ""


class GetCertificateResponse(NamedTuple):
    """The certificate, if it was minted, and its holdings in order of address."""

    found: Annotated[bool, flag(1)] = False
    certificate: Annotated[Certificate | None, one(2, Certificate)] = None
    holdings: Annotated[tuple[Holding, ...], many(one(3, Holding))] = ()


class ListHoldingsRequest(NamedTuple):
    """Query: the certificates that an account holds, paged."""

    holder: Annotated[bytes, raw(1)] = b""
    page_token: Annotated[bytes, raw(2)] = b""
    limit: Annotated[int, uint(3)] = 0


class ListHoldingsResponse(NamedTuple):
    """A page; an empty ``next_page_token`` says that it is the last."""

    holdings: Annotated[tuple[Holding, ...], many(one(1, Holding))] = ()
    next_page_token: Annotated[bytes, raw(2)] = b""
