"""Flows for tests, the same for the same seed."""

from __future__ import annotations

import numpy as np

from clients.common.grid.network import Network
from clients.common.grid.solution import Real


def flows(network: Network, seed: int, slots: int = 1, most_w: float = 6000) -> tuple[Real, Real]:
    """Active and reactive power of homes, (slots, homes) in W and var: some give, some take."""
    chance = np.random.default_rng(seed)
    shape = (slots, len(network.homes))
    active_w = chance.uniform(-most_w, most_w, shape)
    return active_w, chance.uniform(-0.2, 0.4, shape) * np.abs(active_w)
