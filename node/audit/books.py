"""All that the auditor keeps: one table for each kind of record, and the key under which the chain stores it."""

from __future__ import annotations

from typing import NamedTuple

from node.audit.table import Journal, Table
from wire.accounts import Account, NonceWindow
from wire.asset import Asset, Availability
from wire.chain import ChainParameters, DueItem, Moment, UpgradePlan, Validator
from wire.control import ControlSession, ControlSignal, GridControl, PhaseOrder, SlotControl, Switch, SwitchDay
from wire.flowproof import Equivocation, FlowProof, SlotProofs
from wire.governance import (
    ConsensusKey,
    Electorate,
    GovernanceParameters,
    Misbehaviour,
    Offence,
    PowerMoved,
    Proposal,
    ProposalCount,
)
from wire.grid import Grid, Member, ProofKey, SlotTerms, Tariff
from wire.ledger import EUR, Balance, Debt
from wire.market import Book, Contract, Order, Position, Product
from wire.settlement import (
    Certificate,
    Declaration,
    Holding,
    HouseholdSettlement,
    SettlementParameters,
    SlotSettlement,
)


class SlotOf(NamedTuple):
    """A VDG's slot."""

    vdg: str
    slot: int


class HomeSlot(NamedTuple):
    """A household's slot in a VDG."""

    vdg: str
    slot: int
    account: bytes


class BookOf(NamedTuple):
    """A product's book for the block that starts with a slot."""

    vdg: str
    product: str
    slot: int


class OrderOf(NamedTuple):
    """An account's place in a book."""

    vdg: str
    product: str
    slot: int
    account: bytes


class ContractOf(NamedTuple):
    """A contract: its slot, and its number among those of the book."""

    vdg: str
    slot: int
    product: str
    number: int


class DebtOf(NamedTuple):
    """Who owes whom for what."""

    debtor: bytes
    creditor: bytes
    reason: str


class MemberOf(NamedTuple):
    """An account in a VDG."""

    vdg: str
    account: bytes


class SessionOf(NamedTuple):
    """A session of control of a VDG's slot."""

    vdg: str
    slot: int
    session: int


class SignalOf(NamedTuple):
    """A session's signal."""

    vdg: str
    slot: int
    session: int
    iteration: int


class DayOf(NamedTuple):
    """An account's day in a VDG."""

    vdg: str
    day: int
    account: bytes


class DueAt(NamedTuple):
    """A piece of due work."""

    time_s: int
    moment: Moment
    key: bytes


def _eight(number: int) -> bytes:
    return number.to_bytes(8, "big")


def slot_bytes(at: SlotOf | HomeSlot | ContractOf | SessionOf | SignalOf) -> bytes:
    """``<vdg>/<slot, 8 bytes>``."""
    return at.vdg.encode() + b"/" + _eight(at.slot)


def book_bytes(at: BookOf | OrderOf) -> bytes:
    """``<vdg>/<product>/<slot, 8 bytes>``."""
    return f"{at.vdg}/{at.product}/".encode() + _eight(at.slot)


def _home_slot(prefix: bytes, at: HomeSlot) -> bytes:
    return prefix + slot_bytes(at) + at.account


def session_bytes(at: SessionOf | SignalOf) -> bytes:
    """``<vdg>/<slot, 8 bytes><session, 4 bytes>``."""
    return slot_bytes(at) + at.session.to_bytes(4, "big")


def _sized(data: bytes) -> bytes:
    return bytes((len(data),)) + data


def _slot_of(at: HomeSlot | ContractOf | SessionOf | SignalOf) -> SlotOf:
    return SlotOf(at.vdg, at.slot)


class Books:
    """The state of one chain."""

    def __init__(self) -> None:
        self.journal = Journal()
        j = self.journal
        self.parameters = Table[None, ChainParameters](j, lambda _: b"chain/p")
        self.upgrade = Table[None, UpgradePlan](j, lambda _: b"chain/u")
        self.validators = Table[bytes, Validator](j, lambda key: b"chain/v" + key)
        self.due = Table[DueAt, DueItem](j, lambda at: b"chain/d" + _eight(at.time_s) + bytes((at.moment,)) + at.key)
        self.accounts = Table[bytes, Account](j, lambda address: b"accounts/a" + address)
        self.nonces = Table[bytes, NonceWindow](j, lambda address: b"accounts/n" + address)
        self.balances = Table[bytes, Balance](j, lambda holder: f"ledger/b{EUR}/".encode() + holder)
        self.debts = Table[DebtOf, Debt](
            j, lambda at: b"ledger/d" + _sized(at.debtor) + _sized(at.creditor) + at.reason.encode()
        )
        self.debt_totals = Table[bytes, Debt](j, lambda debtor: b"ledger/t" + debtor)
        self.grids = Table[str, Grid](j, lambda vdg: f"grid/g{vdg}/".encode())
        self.members = Table[MemberOf, Member](
            j, lambda at: f"grid/m{at.vdg}/".encode() + at.account, lambda at: at.vdg
        )
        self.meters = Table[tuple[str, str], Member](j, lambda at: f"grid/i{at[0]}/{at[1]}".encode())
        self.proof_keys = Table[tuple[str, bytes], ProofKey](
            j, lambda at: f"grid/k{at[0]}/".encode() + at[1], lambda at: at[0]
        )
        self.tariffs = Table[SlotOf, Tariff](j, lambda at: b"grid/t" + slot_bytes(at), lambda at: at.vdg)
        self.terms = Table[SlotOf, SlotTerms](j, lambda at: b"grid/s" + slot_bytes(at))
        self.assets = Table[str, Asset](j, lambda name: f"asset/a{name}".encode())
        self.owned = Table[tuple[bytes, str], Asset](j, lambda at: b"asset/o" + at[0] + at[1].encode())
        self.deliverable = Table[MemberOf, Asset](j, lambda at: f"asset/c{at.vdg}/".encode() + at.account)
        self.availability = Table[HomeSlot, Availability](j, lambda at: _home_slot(b"asset/v", at), _slot_of)
        self.products = Table[str, Product](j, lambda name: f"market/p{name}".encode())
        self.orders = Table[OrderOf, Order](
            j, lambda at: b"market/o" + book_bytes(at) + at.account, lambda at: BookOf(*at[:3])
        )
        self.open_books = Table[BookOf, Book](j, lambda at: b"market/q" + book_bytes(at))
        self.cleared = Table[BookOf, Book](j, lambda at: b"market/b" + book_bytes(at))
        self.contracts = Table[ContractOf, Contract](
            j,
            lambda at: b"market/c" + slot_bytes(at) + f"{at.product}/".encode() + at.number.to_bytes(4, "big"),
            _slot_of,
        )
        self.positions = Table[HomeSlot, Position](j, lambda at: _home_slot(b"market/x", at), _slot_of)
        self.proofs = Table[HomeSlot, FlowProof](j, lambda at: _home_slot(b"flowproof/p", at), _slot_of)
        self.proved = Table[SlotOf, SlotProofs](j, lambda at: b"flowproof/c" + slot_bytes(at))
        self.evidence = Table[HomeSlot, Equivocation](j, lambda at: _home_slot(b"flowproof/e", at))
        self.settling = Table[None, SettlementParameters](j, lambda _: b"settlement/p")
        self.declared = Table[HomeSlot, Declaration](j, lambda at: _home_slot(b"settlement/d", at), _slot_of)
        self.settled = Table[SlotOf, SlotSettlement](j, lambda at: b"settlement/s" + slot_bytes(at))
        self.bills = Table[HomeSlot, HouseholdSettlement](j, lambda at: _home_slot(b"settlement/b", at), _slot_of)
        self.certificates = Table[str, Certificate](j, lambda name: f"settlement/c{name}".encode())
        self.holdings = Table[tuple[bytes, str], Holding](j, lambda at: b"settlement/h" + at[0] + at[1].encode())
        self.holders = Table[tuple[str, bytes], Holding](j, lambda at: f"settlement/w{at[0]}\0".encode() + at[1])
        self.grid_controls = Table[str, GridControl](j, lambda vdg: f"control/g{vdg}/".encode())
        self.switches = Table[MemberOf, Switch](
            j, lambda at: f"control/w{at.vdg}/".encode() + at.account, lambda at: at.vdg
        )
        self.phase_orders = Table[HomeSlot, PhaseOrder](j, lambda at: _home_slot(b"control/o", at), _slot_of)
        self.slot_controls = Table[SlotOf, SlotControl](j, lambda at: b"control/n" + slot_bytes(at))
        self.sessions = Table[SessionOf, ControlSession](j, lambda at: b"control/s" + session_bytes(at), _slot_of)
        self.signals = Table[SignalOf, ControlSignal](
            j, lambda at: b"control/i" + session_bytes(at) + at.iteration.to_bytes(4, "big"), _slot_of
        )
        self.switch_days = Table[DayOf, SwitchDay](
            j, lambda at: f"control/d{at.vdg}/".encode() + _eight(at.day) + at.account, lambda at: at.vdg
        )
        self.governance = Table[None, GovernanceParameters](j, lambda _: b"governance/p")
        self.electorate = Table[None, Electorate](j, lambda _: b"governance/v")
        self.proposal_count = Table[None, ProposalCount](j, lambda _: b"governance/n")
        self.open_proposals = Table[int, Proposal](j, lambda number: b"governance/o" + _eight(number))
        self.closed_proposals = Table[int, Proposal](j, lambda number: b"governance/c" + _eight(number))
        self.consensus_keys = Table[bytes, ConsensusKey](j, lambda address: b"governance/k" + address)
        self.power_moved = Table[None, PowerMoved](j, lambda _: b"governance/m")
        # By reported height, consensus address, offence and height.
        self.misbehaviours = Table[tuple[int, bytes, Offence, int], Misbehaviour](
            j, lambda at: b"governance/e" + _eight(at[0]) + at[1] + bytes((at[2],)) + _eight(at[3])
        )
