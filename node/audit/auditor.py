"""Predicts what every block does: the result and events of each transaction, and what happens by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from node.audit import governance, phases, sessions, settling, validators
from node.audit.admission import Sender
from node.audit.books import BookOf, Books, SlotOf
from node.audit.case import Case, Denied, Kept
from node.audit.clearing import clear
from node.audit.genesis import RULES_VERSION, write
from node.audit.grids import found
from node.audit.rules import RULES
from node.audit.tree import Tree
from wire.chain import ChainParameters, DueFailed, DueItem, Moment
from wire.codec import encode
from wire.governance import Misbehaviour
from wire.market import Product
from wire.results import Code

_NANOSECONDS = 10**9


class RulesChanged(Exception):
    """The chain goes on by rules that this auditor does not know."""


class Expected(NamedTuple):
    """What a transaction must come to."""

    code: Code
    events: tuple[Any, ...] = ()


class ExpectedBlock(NamedTuple):
    """What a block must come to: its own events, results in order, and the app hash.

    ``powers`` are the validators that changed, in order of key, 0 for one that left; ``changes`` the records that
    changed, by state key.
    """

    events: tuple[Any, ...]
    results: tuple[Expected, ...]
    powers: tuple[tuple[bytes, int], ...]
    changes: dict[bytes, Any]
    app_hash: bytes


class Auditor:
    """Runs beside a chain, from its genesis on."""

    def __init__(self, chain_id: str, genesis_s: int, powers: Sequence[tuple[bytes, int]], app_state: bytes) -> None:
        """The genesis as CometBFT gives it to the application; it must be one that the application took."""
        self.books = Books()
        self.chain_id = chain_id
        self._tree = Tree()
        write(Case(self.books, chain_id, 0, genesis_s, b""), powers, app_state)
        self.app_hash = b""
        self._finish()

    def block(
        self,
        height: int,
        time_ns: int,
        txs: Sequence[bytes],
        misbehaviour: Sequence[Misbehaviour] = (),
        signers: frozenset[bytes] | None = None,
    ) -> ExpectedBlock:
        """Judge a block; what CometBFT reports of validators with it, and who signed the one before.

        Raises: RulesChanged from the height on for which an upgrade was planned.
        """
        plan = self.books.upgrade.get(None)
        if plan is not None and plan.height <= height:
            raise RulesChanged(
                f"from height {plan.height} on version {plan.version} of the rules holds, not {RULES_VERSION}"
            )
        powers = {key: validator.power for key, validator in self.books.validators.of()}
        seed = hashlib.sha256(self.app_hash + time_ns.to_bytes(8, "big")).digest()
        time_s = time_ns // _NANOSECONDS

        def case() -> Case:
            return Case(self.books, self.chain_id, height, time_s, seed, signers)

        reported = case()
        if "governance" in self._modules:
            for report in misbehaviour:
                validators.punish(reported, report)
        events = list(reported.events)
        due = [at for at, _ in self.books.due.of() if at.time_s <= time_s]
        for at in due:
            self.books.due.drop(at)
        for at in due:
            events += self._moment(case, DueItem(at.moment, at.time_s, at.key))
        sender = Sender(self.books)
        results = [self._judge(case(), sender, tx) for tx in txs]
        now = {key: validator.power for key, validator in self.books.validators.of()}
        moved = [(key, now.get(key, 0)) for key in sorted({*powers, *now}) if now.get(key, 0) != powers.get(key, 0)]
        return ExpectedBlock(tuple(events), tuple(results), tuple(moved), self._finish(), self.app_hash)

    @property
    def _modules(self) -> tuple[str, ...]:
        return (self.books.parameters.get(None) or ChainParameters()).modules

    def _finish(self) -> dict[bytes, Any]:
        """What changed since the last block; the app hash with it."""
        changes = self.books.journal.changes()
        self.books.journal.clear()
        self.app_hash = self._tree.update(
            {key: None if value is None else encode(value) for key, value in changes.items()}
        )
        return changes

    def _judge(self, case: Case, sender: Sender, tx: bytes) -> Expected:
        mark = self.books.journal.mark()
        try:
            message = sender.admit(case, tx)
            # A nonce is used even by what is refused.
            mark = self.books.journal.mark()
            RULES[type(message)].judge(case, message)
        except Kept as kept:
            return Expected(kept.code, tuple(case.events))
        except Denied as denied:
            self.books.journal.undo(mark)
            return Expected(denied.code)
        return Expected(Code.OK, tuple(case.events))

    def _moment(self, new_case: Callable[[], Case], item: DueItem) -> list[Any]:
        """Due work that is refused leaves nothing but its failure, and the slot's contracts unwound."""
        case, mark = new_case(), self.books.journal.mark()
        try:
            self._act(case, item)
        except Denied as denied:
            self.books.journal.undo(mark)
            case = new_case()
            case.events.append(DueFailed(item, denied.code))
            if item.moment in (Moment.MOMENT_SLOT_PROVED, Moment.MOMENT_SLOT_DEADLINE):
                settling.unwind(case, _slot_of(item.key))
        return case.events

    def _act(self, case: Case, item: DueItem) -> None:
        books = self.books
        match item.moment:
            case Moment.MOMENT_GATE:
                at = _book_of(item.key)
                clear(case, found(case, at.vdg), books.products.get(at.product) or Product(), at)
            case Moment.MOMENT_SLOT_PROVED | Moment.MOMENT_SLOT_DEADLINE if "settlement" in self._modules:
                settling.settle(case, _slot_of(item.key))
            case Moment.MOMENT_SLOT_FORGOTTEN:
                self._forget(_slot_of(item.key))
                phases.forget(case, _slot_of(item.key))
                sessions.forget(case, _slot_of(item.key))
            case Moment.MOMENT_PAYOUT:
                settling.reward_validators(case)
            case Moment.MOMENT_PROPOSAL_EXPIRES:
                governance.expire(case, int.from_bytes(item.key, "big"))
            case Moment.MOMENT_SWITCHING_ENDS:
                phases.end_slot(case, _slot_of(item.key))
            case Moment.MOMENT_CONTROL_ENDS:
                sessions.expire(case, item.key)

    def _forget(self, at: SlotOf) -> None:
        """A slot long over: its terms, books, proofs and bills go; certificates and evidence stay."""
        books = self.books
        books.terms.drop(at)
        for name, _ in books.products.of():
            books.cleared.drop(BookOf(at.vdg, name, at.slot))
        books.proofs.drop_all(at)
        books.proved.drop(at)
        books.bills.drop_all(at)
        books.settled.drop(at)


def _slot_of(key: bytes) -> SlotOf:
    return SlotOf(key[:-9].decode(), int.from_bytes(key[-8:], "big"))


def _book_of(key: bytes) -> BookOf:
    vdg, product = key[:-9].decode().split("/")
    return BookOf(vdg, product, int.from_bytes(key[-8:], "big"))
