"""The real state machine in this process as the chain of the prover's tests: one block per transaction, real time."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any, TypeVar

from nacl.signing import SigningKey

from abci_app.app import App
from abci_app.state.store import MemoryStore
from clients.dso.grid_chain import ChainUnavailable, Outcome
from tests.dso.signer_process import CHAIN_ID, VDG
from wire.address import address_of
from wire.codec import decode, encode
from wire.flowproof import FlowProof, ListProofsRequest, ListProofsResponse, SubmitProofs
from wire.grid import (
    GetGridRequest,
    GetGridResponse,
    Grid,
    ListMembersRequest,
    ListMembersResponse,
    ListTermsRequest,
    ListTermsResponse,
    Member,
    SetCaps,
    SetRebates,
    SlotTerms,
)
from wire.results import Code
from wire.tx import TxBody, assemble

T = TypeVar("T")

DSO = SigningKey(b"D" * 32)


def household(number: int) -> SigningKey:
    """The key of a household of the tests."""
    return SigningKey(hashlib.sha256(b"household %d" % number).digest())


def account(number: int) -> bytes:
    """A household's address."""
    return address_of(bytes(household(number).verify_key))


def meter(number: int) -> str:
    """A household's meter."""
    return f"meter-{number}"


def genesis(proof_key: bytes, members: int, epoch_s: int, slot_seconds: int, deadline_slots: int) -> dict[str, Any]:
    """A chain's first state: a DSO, a supplier, and a grid with households."""
    supplier = SigningKey(b"S" * 32)
    accounts = [(DSO, "dso"), (supplier, "supplier"), *((household(n), "household") for n in range(members))]
    grid = {
        "vdg": VDG,
        "epoch_s": max(1, epoch_s),
        "slot_seconds": slot_seconds,
        "dso": address_of(bytes(DSO.verify_key)).hex(),
        "supplier": address_of(bytes(supplier.verify_key)).hex(),
        "proof_key": proof_key.hex(),
        "proof_deadline_slots": deadline_slots,
        "buy_price_neur_per_wh": [150_000],
        "sell_price_neur_per_wh": [50_000],
        "members": [{"account": account(n).hex(), "meter": meter(n)} for n in range(members)],
    }
    listed = [{"public_key": bytes(key.verify_key).hex(), "roles": [role]} for key, role in accounts]
    return {"accounts": {"accounts": listed}, "grid": {"grids": [grid]}}


class AppChain:
    """A GridChain. ``proofs_sent`` and ``rebates_sent`` were executed; the switches make it fail as networks do."""

    def __init__(
        self, proof_key: bytes, members: int, *, epoch_s: int = 0, slot_seconds: int = 1, deadline_slots: int = 1008
    ) -> None:
        document = genesis(proof_key, members, epoch_s, slot_seconds, deadline_slots)
        self.app = App(MemoryStore())
        self.app.init_chain(
            CHAIN_ID,
            max(0, epoch_s - 1),
            [(bytes(32), 1)],
            json.dumps(document).encode(),
        )
        self._nonce = 0
        self.proofs_sent: list[SubmitProofs] = []
        self.rebates_sent: list[SetRebates] = []
        self.reachable = True
        self.answers_get_lost = 0

    async def grid(self) -> Grid:
        """See GridChain."""
        response = self._query("/grid/GetGrid", GetGridRequest(VDG), GetGridResponse)
        assert response.grid is not None
        return response.grid

    async def members(self) -> list[Member]:
        """See GridChain."""
        return list(self._query("/grid/ListMembers", ListMembersRequest(VDG, limit=1_000), ListMembersResponse).members)

    async def proofs(self, slot: int) -> list[FlowProof]:
        """See GridChain."""
        request = ListProofsRequest(VDG, slot, limit=1_000)
        return list(self._query("/flowproof/ListProofs", request, ListProofsResponse).proofs)

    async def terms(self, first_slot: int, slots: int) -> Sequence[SlotTerms]:
        """See GridChain."""
        return self._query("/grid/ListTerms", ListTermsRequest(VDG, first_slot, slots), ListTermsResponse).terms

    async def wait_for_block_after(self, time_s: int) -> None:
        """Its blocks have the time of the clock: wait for that."""
        self._require_reachable()
        while time.time() < time_s:
            await asyncio.sleep(0.01)

    async def submit(self, message: SubmitProofs | SetRebates | SetCaps) -> Outcome:
        """Execute a transaction of the DSO in a block of its own."""
        self._require_reachable()
        self._nonce += 1
        now_s = int(time.time())
        body = TxBody(CHAIN_ID, address_of(bytes(DSO.verify_key)), self._nonce, now_s + 60, message)
        tx = assemble(body, lambda data: DSO.sign(data).signature)
        block = self.app.finalize_block(self.app.last_block.height + 1, now_s * 10**9, [tx]).block
        self.app.commit()
        (result,) = block.results
        if isinstance(message, SubmitProofs):
            self.proofs_sent.append(message)
        elif isinstance(message, SetRebates):
            self.rebates_sent.append(message)
        if self.answers_get_lost:
            self.answers_get_lost -= 1
            raise ChainUnavailable("the answer got lost")
        return Outcome(Code(result.code), result.message)

    def _query(self, path: str, request: object, response: type[T]) -> T:
        self._require_reachable()
        result = self.app.query(path, encode(request))
        assert result.code == 0, result.message
        return decode(response, result.value)

    def _require_reachable(self) -> None:
        if not self.reachable:
            raise ChainUnavailable("no gateway answers")
