"""Where the state keeps what clients can have proved: the store, the key and the type of single items.

The key of an item is a letter, which tells the kinds of a store apart, and what names the item. Names hold no slash
and numbers have a fixed length, so no two keys collide. The state machine's collections are made of these places.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from wire.accounts import Account, NonceWindow
from wire.asset import Asset, Availability
from wire.chain import ChainParameters
from wire.control import ControlSession, ControlSignal, GridControl, PhaseOrder, SlotControl, Switch
from wire.flowproof import FlowProof, SlotProofs
from wire.governance import GovernanceParameters
from wire.grid import Grid, Member, ProofKey, SlotTerms, Tariff
from wire.ledger import Balance, Debt
from wire.market import Book, Contract, Order, Position, Product
from wire.settlement import Certificate, Declaration, Holding, HouseholdSettlement, SettlementParameters, SlotSettlement

T = TypeVar("T", bound=tuple[Any, ...])


class Item(NamedTuple, Generic[T]):
    """One value of the state: its store, its key in that store (``/store/<store>/key``), and its message type."""

    store: str
    key: bytes
    type: type[T]


class Place(NamedTuple, Generic[T]):
    """The items of one kind: their store, the letter that their keys begin with, and their message type."""

    store: str
    prefix: bytes
    type: type[T]

    def at(self, key: bytes) -> Item[T]:
        """The item of a key without its letter."""
        return Item(self.store, self.prefix + key, self.type)


# p
CHAIN_PARAMETERS = Place("chain", b"p", ChainParameters)
# p
GOVERNANCE_PARAMETERS = Place("governance", b"p", GovernanceParameters)
# a<address, 20 bytes>
ACCOUNTS = Place("accounts", b"a", Account)
# n<address, 20 bytes>
NONCES = Place("accounts", b"n", NonceWindow)
# b<asset>/<holder>, e.g. beur/a<address>
BALANCES = Place("ledger", b"b", Balance)
# d<length, 1 byte><debtor><length, 1 byte><creditor><reason>
DEBTS = Place("ledger", b"d", Debt)
# t<debtor>: the sum of what a debtor owes, as a debt to nobody
DEBT_TOTALS = Place("ledger", b"t", Debt)
# g<vdg>/
GRIDS = Place("grid", b"g", Grid)
# m<vdg>/<address>
MEMBERS = Place("grid", b"m", Member)
# k<vdg>/<public key, 32 bytes>: the proof key in force, and all before it
PROOF_KEYS = Place("grid", b"k", ProofKey)
# t<vdg>/<first slot, 8 bytes>
TARIFFS = Place("grid", b"t", Tariff)
# s<vdg>/<slot, 8 bytes>
TERMS = Place("grid", b"s", SlotTerms)
# c<vdg>/<owner>: a pseudo-asset with the power that all devices of a member together can deliver
DELIVERABLE = Place("asset", b"c", Asset)
# v<vdg>/<slot, 8 bytes><address>
AVAILABILITY = Place("asset", b"v", Availability)
# p<product>
PRODUCTS = Place("market", b"p", Product)
# o<vdg>/<product>/<slot, 8 bytes><address>: the orders of open books
ORDERS = Place("market", b"o", Order)
# b<vdg>/<product>/<slot, 8 bytes>: cleared books
BOOKS = Place("market", b"b", Book)
# c<vdg>/<slot, 8 bytes><product>/<number, 4 bytes>: contracts that wait for settlement
CONTRACTS = Place("market", b"c", Contract)
# x<vdg>/<slot, 8 bytes><address>
POSITIONS = Place("market", b"x", Position)
# p<vdg>/<slot, 8 bytes><address>
PROOFS = Place("flowproof", b"p", FlowProof)
# c<vdg>/<slot, 8 bytes>
SLOT_PROOFS = Place("flowproof", b"c", SlotProofs)
# p
SETTLEMENT_PARAMETERS = Place("settlement", b"p", SettlementParameters)
# d<vdg>/<slot, 8 bytes><address>
DECLARATIONS = Place("settlement", b"d", Declaration)
# s<vdg>/<slot, 8 bytes>
SLOT_SETTLEMENTS = Place("settlement", b"s", SlotSettlement)
# b<vdg>/<slot, 8 bytes><address>
HOUSEHOLDS = Place("settlement", b"b", HouseholdSettlement)
# c<certificate id>
CERTIFICATES = Place("settlement", b"c", Certificate)
# w<certificate id>\x00<holder, 20 bytes>
HOLDERS = Place("settlement", b"w", Holding)

# g<vdg>/
GRID_CONTROLS = Place("control", b"g", GridControl)
# w<vdg>/<address>: a home's phase switch
SWITCHES = Place("control", b"w", Switch)
# o<vdg>/<slot, 8 bytes><address>
PHASE_ORDERS = Place("control", b"o", PhaseOrder)
# n<vdg>/<slot, 8 bytes>
SLOT_CONTROLS = Place("control", b"n", SlotControl)
# s<vdg>/<slot, 8 bytes><session, 4 bytes>
CONTROL_SESSIONS = Place("control", b"s", ControlSession)
# i<vdg>/<slot, 8 bytes><session, 4 bytes><iteration, 4 bytes>
CONTROL_SIGNALS = Place("control", b"i", ControlSignal)


def grid_prefix(vdg: str) -> bytes:
    """``<vdg>/``, e.g. ``lilas/``."""
    return vdg.encode() + b"/"


def slot_key(vdg: str, slot: int) -> bytes:
    """``<vdg>/<slot, 8 bytes>``, e.g. ``lilas/`` 0000000000000091."""
    return grid_prefix(vdg) + slot.to_bytes(8, "big")


def slot_account_key(vdg: str, slot: int, account: bytes) -> bytes:
    """``<vdg>/<slot, 8 bytes><address, 20 bytes>``."""
    return slot_key(vdg, slot) + account


def session_key(vdg: str, slot: int, session: int) -> bytes:
    """``<vdg>/<slot, 8 bytes><session, 4 bytes>``."""
    return slot_key(vdg, slot) + session.to_bytes(4, "big")


def signal_key(session_key_: bytes, iteration: int) -> bytes:
    """``<session key><iteration, 4 bytes>``."""
    return session_key_ + iteration.to_bytes(4, "big")


def balance_key(asset: str, holder: bytes) -> bytes:
    """``eur/a<address>``."""
    return asset.encode() + b"/" + holder


def debtor_prefix(debtor: bytes) -> bytes:
    """What the keys of a debtor's debts start with."""
    return bytes((len(debtor),)) + debtor


def debt_key(debtor: bytes, creditor: bytes, reason: str) -> bytes:
    """Debtor and creditor with their lengths, then the reason."""
    return debtor_prefix(debtor) + bytes((len(creditor),)) + creditor + reason.encode()


def book_key(vdg: str, product: str, slot: int) -> bytes:
    """``<vdg>/<product>/<slot>``, e.g. ``lilas/intraday/`` 0000000000000091."""
    return f"{vdg}/{product}/".encode() + slot.to_bytes(8, "big")


def contract_key(vdg_slot_key: bytes, product: str, number: int) -> bytes:
    """``<slot key><product>/<number, 4 bytes>``; in this order contracts are settled."""
    return vdg_slot_key + f"{product}/".encode() + number.to_bytes(4, "big")


def contract_key_of(contract_id: str) -> bytes:
    """The key of a contract by its id, e.g. of ``lilas/145/intraday/0``. Raises: ValueError for what is no id."""
    parts = contract_id.split("/")
    if len(parts) != 4 or not (parts[1].isdecimal() and parts[3].isdecimal()):
        raise ValueError(f"contract_id = {contract_id!r}: give <vdg>/<slot>/<product>/<number>")
    try:
        return contract_key(slot_key(parts[0], int(parts[1])), parts[2], int(parts[3]))
    except OverflowError:
        raise ValueError(f"contract_id = {contract_id!r}: its numbers are too large") from None


def holder_key(certificate_id: str, holder: bytes) -> bytes:
    """``<certificate id>\\x00<holder, 20 bytes>``."""
    return certificate_id.encode() + b"\x00" + holder
