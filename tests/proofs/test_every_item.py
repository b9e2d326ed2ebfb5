"""No item of the state is without proof, of whatever kind: parameters, tariffs, products and due work as well."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

import pytest

import abci_app
from abci_app.app import QUERY_OK, Finalized
from abci_app.state.collection import Collection
from tests.app import scenario
from tests.app.chain import Chain
from tests.governance import day as governance
from tests.ordering import day as ordering
from wire.proof import verified_value

# Issue 4's aim for the proof of one item, which is what comes besides its value.
MOST_PROOF_BYTES = 3_000


class Prover:
    """Has every item proved that it has not seen with that value yet."""

    def __init__(self) -> None:
        self.proved: set[tuple[bytes, bytes]] = set()
        self.largest_bytes = 0

    def prove_all(self, chain: Chain, app_hash: bytes) -> None:
        """All of a chain's last state, against its app hash."""
        for key, value in chain.store.iterate(b"\x01", b"\xff"):
            if (key, value) in self.proved:
                continue
            store, _, item = key.partition(b"/")
            answer = chain.app.query(f"/store/{store.decode()}/key", item, chain.app.last_block.height, prove=True)
            assert answer.code == QUERY_OK
            assert verified_value(app_hash, store.decode(), item, answer.value, answer.proof) == value
            size = sum(len(op.type) + len(op.key) + len(op.data) for op in answer.proof)
            self.largest_bytes = max(self.largest_bytes, size)
            self.proved.add((key, value))

    @property
    def kinds(self) -> set[bytes]:
        """Stores with the letter that their keys begin with."""
        return {store + b"/" + item[:1] for store, _, item in (key.partition(b"/") for key, _ in self.proved)}


def kinds_of_the_state_machine() -> set[bytes]:
    """Every collection that a module has."""
    modules = [import_module(module.name) for module in pkgutil.walk_packages(abci_app.__path__, "abci_app.")]
    values = [value for module in modules for value in vars(module).values()]
    return {value.base for value in values if isinstance(value, Collection)}


def test_every_item_that_three_days_ever_had_is_proved_with_less_than_three_kilobytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The days of the golden files touch every module and every collection."""
    prover = Prover()
    finalize = Chain.finalize

    def and_prove(self: Chain, *txs: bytes, **options: Any) -> Finalized:
        done = finalize(self, *txs, **options)
        prover.prove_all(self, done.app_hash)
        return done

    monkeypatch.setattr(Chain, "finalize", and_prove)
    for day in (scenario, governance, ordering):
        day.run()
    assert prover.kinds == kinds_of_the_state_machine()
    assert prover.largest_bytes < MOST_PROOF_BYTES
