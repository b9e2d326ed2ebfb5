"""How much of each contract really flowed (MODEL section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from abci_app.core.numbers import share
from wire.market import Contract


def verified_wh(contracts: Sequence[Contract], flows: Mapping[bytes, int]) -> list[int]:
    """The Wh of each contract that both its sides delivered.

    A side delivered the smaller of what it contracted and what was metered in that direction, spread over its
    contracts by largest remainder (equal remainders: by contract id); a contract's verified Wh is the smaller of its
    two sides. ``flows`` has the net flow of every party (Wh, positive = taken from the grid).
    """
    consumed = _spread(contracts, lambda c: c.buyer, lambda account: max(flows[account], 0))
    produced = _spread(contracts, lambda c: c.seller, lambda account: max(-flows[account], 0))
    return [min(pair) for pair in zip(consumed, produced, strict=True)]


def _spread(
    contracts: Sequence[Contract], party: Callable[[Contract], bytes], metered_wh: Callable[[bytes], int]
) -> list[int]:
    """What one side delivered under each contract (Wh)."""
    of_party: dict[bytes, list[int]] = {}
    for index, contract in enumerate(contracts):
        of_party.setdefault(party(contract), []).append(index)
    delivered = [0] * len(contracts)
    for account, indices in of_party.items():
        energies = [contracts[index].energy_wh for index in indices]
        parts = share(
            min(sum(energies), metered_wh(account)),
            energies,
            [contracts[index].contract_id.encode() for index in indices],
        )
        for index, part in zip(indices, parts, strict=True):
            delivered[index] = part
    return delivered
