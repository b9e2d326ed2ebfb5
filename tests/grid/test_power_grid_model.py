"""The grid agrees with power-grid-model, many slots at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clients.common.grid import shipped
from clients.common.grid.grid import Grid
from tests.grid import power_grid_model
from tests.grid.flows import flows

PRODUCT = ("abci_app", "clients", "emulator", "node", "studies", "wire")


@pytest.mark.parametrize("name", ["thesis-33", "thesis-50", "kerber-landnetz-kabel-1"])
def test_drops_agree_within_2e_5_and_voltages_within_3e_4(name: str) -> None:
    network = shipped.load(name)
    p_w, q_var = flows(network, 7, slots=144, most_w=3000)
    ours = Grid(network).solve(p_w, q_var).phase_neutral_v / network.nominal_v
    theirs = power_grid_model.solve(network, p_w, q_var) / network.nominal_v
    low = network.buses.index(network.transformer.low_bus)
    assert ours == pytest.approx(theirs, abs=3e-4)
    drops = (ours - ours[:, [low]]) - (theirs - theirs[:, [low]])
    assert np.abs(drops).max() < 2e-5


def test_the_product_solves_nothing_with_it_and_does_not_install_it() -> None:
    root = Path(__file__).parents[2]
    sources = [path for package in PRODUCT for path in (root / package).rglob("*.py")]
    assert len(sources) > 500
    assert not [path for path in sources if "power_grid_model" in path.read_text()]
    assert "power-grid-model" not in (root / "requirements.txt").read_text()
    assert "power-grid-model" in (root / "requirements-dev.txt").read_text()
