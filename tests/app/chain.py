"""A chain of one application over a store in memory, driven by names: accounts, transactions, blocks, queries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from abci_app.app import QUERY_OK, App, Finalized
from abci_app.core.events import EncodedEvent
from abci_app.pipeline import TxResult
from abci_app.state.store import MemoryStore, Store
from tests.app import world
from tests.app.keyring import address, public_key_of, sign_with
from wire.asset import DeclareAvailability
from wire.codec import decode, encode
from wire.events import event_class, event_name
from wire.flowproof import FlowProof, FlowStatement, SubmitProofs, flow_sign_bytes
from wire.governance import Approve, Change, Misbehaviour, ProposalMade, Propose
from wire.ledger import Balance, GetBalanceRequest, GetBalanceResponse, account_holder
from wire.market import CancelOrder, PlaceOrder, Side
from wire.results import Code
from wire.tx import TxBody, assemble

T = TypeVar("T")


class Chain:
    """The application with its genesis written and a first, empty block committed."""

    # Consensus keys by name, and their power.
    validators: ClassVar[Mapping[str, int]] = {"validator-1": 30, "validator-2": 10}

    def __init__(
        self,
        genesis: dict[str, Any] | None = None,
        time_s: int = world.GENESIS_S,
        store: Store | None = None,
    ) -> None:
        self.store = store or MemoryStore()
        self.app = App(self.store)
        self.time_s = time_s
        self.nonces: dict[str, int] = {}
        self.events: list[EncodedEvent] = []
        # What the next block reports of validators, and whose votes are in its commit (None: nobody tells).
        self.reports: list[Misbehaviour] = []
        self.signers: frozenset[bytes] | None = None
        validators = [(public_key_of(name), power) for name, power in self.validators.items()]
        document = json.dumps(world.genesis() if genesis is None else genesis).encode()
        self.app.init_chain(world.CHAIN_ID, time_s, validators, document)
        self.block()

    # Transactions

    def tx(self, sender: str, message: Any, *, key: str = "", **changes: Any) -> bytes:
        """A signed transaction; ``key`` signs in place of the sender's, ``changes`` replace fields of the body."""
        nonce = changes.get("nonce")
        if nonce is None:
            nonce = self.nonces[sender] = self.nonces.get(sender, 0) + 1
        body = TxBody(world.CHAIN_ID, address(sender), nonce, self.time_s + 600, message)
        return assemble(body._replace(**changes), lambda data: sign_with(key or sender, data))

    def block(self, *txs: bytes, time_s: int | None = None) -> list[TxResult]:
        """A block with the transactions, one second after the last one unless a time is given; committed."""
        return self.finalize(*txs, time_s=time_s).block.results

    def finalize(self, *txs: bytes, time_s: int | None = None) -> Finalized:
        """A block, committed, with all that came of it."""
        self.time_s = self.time_s + 1 if time_s is None else time_s
        height = self.app.last_block.height + 1
        done = self.app.finalize_block(height, self.time_s * 10**9, list(txs), self.reports, self.signers)
        self.reports = []
        self.app.commit()
        self.events += done.block.events
        for result in done.block.results:
            self.events += result.events
        return done

    def send(self, sender: str, message: Any, **options: Any) -> TxResult:
        """One transaction in a block of its own."""
        return self.block(self.tx(sender, message, **options))[0]

    def do(self, sender: str, message: Any, **options: Any) -> TxResult:
        """As ``send``, and the transaction must be accepted."""
        result = self.send(sender, message, **options)
        assert result.code is Code.OK, result
        return result

    def decide(self, change: Change, operators: Sequence[str] = ("oscar", "olga")) -> TxResult:
        """Propose a change with the first operator and have the others approve it, each in a block of its own."""
        first, *others = operators
        result = self.do(first, Propose(change))
        for operator in others:
            result = self.do(operator, Approve(self.proposals()))
        return result

    def proposals(self) -> int:
        """The number of the newest proposal."""
        made = self.events_of(ProposalMade)
        return made[-1].proposal.proposal_id if made and made[-1].proposal else 0

    # Time

    def go_to_slot(self, slot: int, seconds: int = 0) -> Finalized:
        """An empty block that many seconds into a slot."""
        return self.finalize(time_s=world.EPOCH_S + slot * world.SLOT_SECONDS + seconds)

    # What homes and the DSO do

    def offer(self, home: str, slot: int, *energy_wh: int) -> TxResult:
        """Declare availability from a slot on."""
        return self.do(home, DeclareAvailability(world.VDG, slot, energy_wh))

    def order(
        self, home: str, side: str, energy_wh: int, price: int, slot: int, product: str = "intraday"
    ) -> PlaceOrder:
        """The message for an order; ``side`` is ``bid`` or ``ask``, the price in nEUR per Wh."""
        return PlaceOrder(world.VDG, product, slot, Side[f"SIDE_{side.upper()}"], energy_wh, price)

    def cancel(self, slot: int, product: str = "intraday") -> CancelOrder:
        """The message that takes an order out."""
        return CancelOrder(world.VDG, product, slot)

    def proof(self, home: str, slot: int, flow_wh: int, *, key: str = "prover", **changes: Any) -> FlowProof:
        """A signed proof; ``changes`` replace fields of the signed statement."""
        statement = FlowStatement(world.CHAIN_ID, world.VDG, slot, address(home), flow_wh, f"meter-{home}")
        statement = statement._replace(**changes)
        signature = sign_with(key, flow_sign_bytes(statement))
        return FlowProof(statement.account, statement.flow_wh, statement.meter, signature)

    def proofs(self, slot: int, flows: dict[str, int]) -> SubmitProofs:
        """A batch of good proofs by home."""
        batch = tuple(self.proof(home, slot, flow) for home, flow in flows.items())
        return SubmitProofs(world.VDG, slot, batch)

    def trade(self, slot: int, sold_wh: int = 400) -> None:
        """Have cid sell ``sold_wh`` to ann in a slot's intraday book at 120,000 and 110,000 nEUR per Wh.

        Bob and dee are the critical pair, which sets the prices and does not trade.
        """
        self.offer("cid", slot, sold_wh)
        self.offer("dee", slot, 500)
        self.do("ann", self.order("ann", "bid", sold_wh, 150_000, slot))
        self.do("bob", self.order("bob", "bid", 300, 120_000, slot))
        self.do("cid", self.order("cid", "ask", sold_wh, 70_000, slot))
        self.do("dee", self.order("dee", "ask", 500, 110_000, slot))

    # Reading

    def query(self, request: Any, answer: type[T]) -> T:
        """Ask a typed query, which must be answered."""
        name = type(request).__name__.removesuffix("Request")
        module = type(request).__module__.removeprefix("wire.")
        result = self.app.query(f"/{module}/{name}", encode(request))
        assert result.code == QUERY_OK, result
        return decode(answer, result.value)

    def balance(self, name: str) -> Balance:
        """What an account has."""
        return self.balance_of(account_holder(address(name)))

    def balance_of(self, holder: bytes) -> Balance:
        """What a holder has."""
        found = self.query(GetBalanceRequest(holder), GetBalanceResponse).balance
        assert found is not None
        return found

    def stored(self, *without: bytes) -> dict[bytes, bytes]:
        """Every key and its bytes, but for prefixes; the last block's record is left out."""
        items = self.store.iterate(b"\x01", b"\xff")
        return {key: value for key, value in items if not key.startswith(without)}

    def events_of(self, type_: type[T]) -> list[T]:
        """All events of a type so far."""
        name = event_name(type_)
        return [decode(type_, event.data) for event in self.events if event.name == name]


def codes(results: Sequence[TxResult]) -> list[Code]:
    """The results' codes."""
    return [result.code for result in results]


def decoded(events: Sequence[EncodedEvent]) -> list[Any]:
    """Events as messages."""
    return [decode(event_class(event.name), event.data) for event in events]
