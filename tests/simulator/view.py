"""What the actors of a simulation know: the auditor's books, the time, and keys by what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from node.audit.books import Books, HomeSlot, SlotOf
from tests.app.keyring import address, public_key_of, sign_with
from tests.simulator.stage import CHAIN_ID, EPOCH_S, EVERYBODY, VALIDATORS, Stage
from wire.flowproof import FlowProof, FlowStatement, flow_sign_bytes
from wire.grid import Grid
from wire.market import Product


class View:
    """Read-only, but for the names of new keys."""

    def __init__(self, stage: Stage, books: Books) -> None:
        self.books = books
        self.time_s = stage.genesis_s
        self.slot_seconds = stage.slot_seconds
        self._names = {public_key_of(name): name for name in EVERYBODY}
        self._names |= {public_key_of(name): name for name, _ in VALIDATORS}
        self._names |= {public_key_of(f"prover-{vdg}"): f"prover-{vdg}" for vdg in stage.vdgs}

    def learn(self, name: str) -> bytes:
        """A key that somebody may use from now on; its public half."""
        self._names[public_key_of(name)] = name
        return public_key_of(name)

    def key_of(self, sender: str) -> str:
        """The name of the key that an account signs with now."""
        account = self.books.accounts.get(address(sender))
        return self._names.get(account.public_key, sender) if account else sender

    def people(self) -> list[str]:
        """The names of all accounts that there are."""
        return [self.name_of(address) for address, _ in self.books.accounts.of()]

    @property
    def vdgs(self) -> list[Grid]:
        """The VDGs that there are."""
        return [grid for _, grid in self.books.grids.of()]

    @property
    def products(self) -> list[Product]:
        """The products that are traded."""
        return [product for _, product in self.books.products.of()]

    def proposals(self) -> int:
        """The number of the last proposal."""
        count = self.books.proposal_count.get(None)
        return count.proposals if count else 0

    def open_proposals(self) -> list[int]:
        """The numbers of those that can be approved."""
        return [number for number, _ in self.books.open_proposals.of()]

    def validators(self) -> list[str]:
        """The names of the validators' consensus keys."""
        return [self._names.get(key, "zoe") for key, _ in self.books.validators.of()]

    def slot(self) -> int:
        """The slot that runs."""
        return (self.time_s - EPOCH_S) // self.slot_seconds

    def members(self, vdg: str) -> list[str]:
        """The names of a VDG's members."""
        return [self.name_of(member.account) for _, member in self.books.members.of(vdg)]

    def name_of(self, account: bytes) -> str:
        """The name of an account."""
        found = self.books.accounts.get(account)
        return self._names.get(found.public_key, "zoe").split("+")[0] if found else "zoe"

    def market_wh(self, vdg: str, slot: int, name: str) -> int:
        """What a home has bought less sold in a slot."""
        position = self.books.positions.get(HomeSlot(vdg, slot, address(name)))
        return position.bought_wh - position.sold_wh if position else 0

    def is_closed(self, vdg: str, slot: int) -> bool:
        """Whether a slot is settled."""
        proved = self.books.proved.get(SlotOf(vdg, slot))
        return proved is not None and proved.closed

    def known_flow(self, vdg: str, slot: int, name: str) -> FlowProof | None:
        """What is proved of a home's slot."""
        return self.books.proofs.get(HomeSlot(vdg, slot, address(name)))

    def proof(self, grid: Grid, slot: int, name: str, flow_wh: int, key: str = "", meter: str = "") -> FlowProof:
        """A proof by the VDG's key, unless another is given."""
        meter = meter or f"meter-{name}"
        statement = FlowStatement(CHAIN_ID, grid.vdg, slot, address(name), flow_wh, meter)
        signer = key or self._names.get(grid.proof_key, "zoe")
        return FlowProof(address(name), flow_wh, meter, sign_with(signer, flow_sign_bytes(statement)))

    def upcoming(self, random: Random, product: Product, ahead: int) -> int:
        """A slot that a product may still be traded for."""
        slot = max(self.slot() + 1 + product.gate_slots * (product.block_slots < 6) + random.randint(0, ahead), 0)
        if product.block_slots >= 6:
            slot = (self.slot() // 144 + 1) * 144 + random.randint(0, 20) * 6
        return slot + -slot % product.block_slots


def some(random: Random, names: Sequence[str], least: int = 1) -> list[str]:
    """A few of the names, in random order."""
    return random.sample(names, random.randint(min(least, len(names)), len(names)))
